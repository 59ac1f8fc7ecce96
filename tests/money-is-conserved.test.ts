import { assert, describe, it } from "@effect/vitest"
import { Effect, Random } from "effect"
import { afterTheEnd, assertBooksBalance, orderOf, place, request, stackForTests, stocked } from "./stack-for-tests.ts"

const tokens = [
  "tok_visa_success",
  "tok_visa_success",
  "tok_visa_success",
  "tok_decline_insufficient",
  "tok_capture_refused",
  "tok_capture_expired",
  "tok_capture_timeout_after",
  "tok_capture_500_before",
  "tok_authorize_timeout_after",
  "tok_authorize_reset_before",
  "tok_cancel_timeout_after",
  "tok_capture_refused__cancel_500_before",
  "tok_capture_garbage_after"
]

describe("money is conserved", () => {
  for (const seed of [1, 2, 3]) {
    it.live(`over a random history of orders and mishaps, seed ${seed}`, () =>
      Effect.gen(function*() {
        const stack = yield* stackForTests({
          PROVIDER_BREAKER_OPEN_MILLIS: "10",
          SIMULATOR_FAILURE_RATES: "timeout_after=0.02,500_before=0.05,reset_after=0.03",
          SIMULATOR_SEED: String(seed)
        })
        const products = yield* Effect.replicateEffect(stocked(stack, 15, 1000), 4)
        const plan = yield* Effect.replicateEffect(
          Effect.all([
            Random.nextIntBetween(0, products.length - 1),
            Random.nextIntBetween(1, 3),
            Random.nextIntBetween(0, tokens.length - 1)
          ]),
          80
        ).pipe(Random.withSeed(seed))
        const replies = yield* Effect.forEach(
          plan,
          ([product, quantity, token]) => place(stack, orderOf(products[product]!, quantity, tokens[token]!)),
          { concurrency: 16 }
        )
        for (const reply of replies) assert.include([202, 402], reply.status, reply.text)
        const ends = yield* afterTheEnd(stack)
        assert.deepStrictEqual(ends.filter((entry) => entry.parked_reason !== null), [])
        yield* assertBooksBalance(stack)
        const [sum] = yield* stack.sql<{ cents: number; units: number }>`
          SELECT coalesce(sum(total_cents), 0)::float8 AS cents,
            coalesce(sum((items -> 0 ->> 'quantity')::int), 0)::int AS units
          FROM ledger.entries WHERE status = 'COMPLETED'`
        const { body: totals } = yield* request("GET", `${stack.urls.simulator}/_simulator/totals`)
        assert.strictEqual(totals["captured_cents"] - totals["refunded_cents"], sum?.cents)
        assert.strictEqual(totals["held_cents"], 0)
        const left = yield* Effect.forEach(products, (product) =>
          Effect.map(request("GET", `${stack.urls.inventory}/products/${product}/availability`), ({ body }) =>
            body["on_hand"] as number))
        assert.strictEqual(
          left.reduce((total, units) =>
            total + units, 0),
          60 - sum!.units
        )
      }).pipe(Effect.scoped))
  }
})
