import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { afterTheEnd, assertBooksBalance, orderOf, place, request, stackForTests, stocked } from "./stack-for-tests.ts"

const PROVIDERS_PATIENCE_MILLIS = 7_000

describe("one silent payment", () => {
  it.live("holds up none of its set, whose money is taken long before the provider is given up", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests({
        PROVIDER_TIMEOUT_MILLIS: String(PROVIDERS_PATIENCE_MILLIS),
        SAGA_CALL_TIMEOUT_MILLIS: "15000",
        // Nor does anybody take the set over meanwhile.
        SAGA_LEASE_MILLIS: "30000"
      })
      const product = yield* stocked(stack, 10)
      yield* request("PUT", `${stack.urls.orchestrator}/claiming`, { paused: true })
      yield* place(stack, orderOf(product, 1, "tok_capture_timeout_after"))
      yield* Effect.replicateEffect(place(stack, orderOf(product)), 4)
      yield* request("PUT", `${stack.urls.orchestrator}/claiming`, { paused: false })
      yield* afterTheEnd(stack)
      const waits = yield* stack.sql<{ millis: number }>`
        SELECT extract(epoch FROM payment_captured_at - inventory_reserved_at)::float8 * 1000 AS millis
        FROM ledger.entries`
      // Told apart by the provider's patience, which is more than four times the set's.
      assert.deepStrictEqual(waits.filter(({ millis }) => millis >= PROVIDERS_PATIENCE_MILLIS), [])
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))
})
