import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import {
  afterTheEnd,
  assertBooksBalance,
  orderOf,
  place,
  request,
  stackForTests,
  stocked,
  tally
} from "./stack-for-tests.ts"

/** What a provider may do to one request before it behaves: the effect happened (after) or not (before). */
const mishaps = [
  "slow",
  "timeout_before",
  "timeout_after",
  "500_before",
  "500_after",
  "reset_before",
  "reset_after",
  "garbage_before",
  "garbage_after",
  "burnt"
]

describe("a payment whose answer was lost", () => {
  it.live("is never compensated while a capture is unknown, never captured twice, and ends COMPLETED", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests({ PROVIDER_BREAKER_OPEN_MILLIS: "10" })
      const product = yield* stocked(stack, 100)
      const thrice = mishaps.filter((mishap) => !mishap.startsWith("burnt")).map((mishap) => `${mishap}_x3`)
      const tokens = [...mishaps, ...thrice].map((mishap) => `tok_capture_${mishap}`)
      const replies = yield* Effect.forEach(tokens, (token) => place(stack, orderOf(product, 1, token)), {
        concurrency: 4
      })
      for (const [i, reply] of replies.entries()) assert.strictEqual(reply.status, 202, `${tokens[i]}: ${reply.text}`)
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: tokens.length })
      const turned = yield* stack.sql`SELECT id FROM ledger.entries WHERE compensating_at IS NOT NULL`
      assert.deepStrictEqual(turned, [])
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))

  it.live("a capture that is refused or has expired is undone in full", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* stocked(stack, 100)
      for (const token of ["tok_capture_refused", "tok_capture_expired", "tok_capture_refused__cancel_500_after"]) {
        assert.strictEqual((yield* place(stack, orderOf(product, 1, token))).status, 202)
      }
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { FAILED: 3 })
      const { body } = yield* request("GET", `${stack.urls.inventory}/products/${product}/availability`)
      assert.deepStrictEqual([body["on_hand"], body["reserved"]], [100, 0])
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))

  it.live("an authorization whose answer was lost is asked about until it is settled", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests({ PROVIDER_BREAKER_OPEN_MILLIS: "10" })
      const product = yield* stocked(stack, 100)
      const tokens = mishaps.map((mishap) => `tok_authorize_${mishap}`)
      const replies = yield* Effect.forEach(tokens, (token) => place(stack, orderOf(product, 1, token)), {
        concurrency: 4
      })
      for (const reply of replies.filter(({ status }) => status !== 402)) {
        assert.strictEqual(reply.status, 202, reply.text)
        assert.include(["AUTHORIZED", "AWAITING_AUTHORIZATION"], reply.body["status"])
      }
      // A burnt key had no effect and never will: that one is a definite no.
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), {
        COMPLETED: tokens.length - 1,
        AUTHORIZATION_FAILED: 1
      })
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))

  it.live("a payment that waits for its provider holds up none of its set", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests({ PROVIDER_TIMEOUT_MILLIS: "12000", SAGA_CALL_TIMEOUT_MILLIS: "15000" })
      const product = yield* stocked(stack, 10)
      yield* request("PUT", `${stack.urls.orchestrator}/claiming`, { paused: true })
      yield* place(stack, orderOf(product, 1, "tok_capture_timeout_after"))
      yield* Effect.replicateEffect(place(stack, orderOf(product)), 4)
      yield* request("PUT", `${stack.urls.orchestrator}/claiming`, { paused: false })
      const durations = yield* afterTheEnd(stack).pipe(Effect.andThen(stack.sql<{ millis: number }>`
        SELECT extract(epoch FROM payment_captured_at - inventory_reserved_at)::float8 * 1000 AS millis
        FROM ledger.entries ORDER BY 1`))
      // Told apart by the provider's own patience with us, which is ten times the set's.
      assert.strictEqual(durations.filter(({ millis }) => millis < 10_000).length, 5)
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))

  it.live("a void that fails is repeated until the money is free", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests({ PROVIDER_BREAKER_OPEN_MILLIS: "10" })
      const product = yield* stocked(stack, 0)
      const tokens = mishaps.map((mishap) => `tok_cancel_${mishap}`)
      yield* Effect.forEach(tokens, (token) => place(stack, orderOf(product, 1, token)), { concurrency: 4 })
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { FAILED: tokens.length })
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))
})
