import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { afterTheEnd, assertBooksBalance, orderOf, place, request, stackForTests, stocked } from "./stack-for-tests.ts"

describe("one bad row", () => {
  it.live("does not hold its set back: the others complete, and it is undone in the end", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests({ SAGA_RETRY_UNIT_MILLIS: "1" })
      const product = yield* stocked(stack, 20)
      yield* request("PUT", `${stack.urls.orchestrator}/claiming`, { paused: true })
      const replies = yield* Effect.replicateEffect(place(stack, orderOf(product)), 8)
      const bad = replies[3]!.body["order_ledger_id"]
      // Nothing that the orders service's contract takes: no call for a set with this order in it can even be sent.
      yield* stack.sql`UPDATE ledger.entries SET items = '[]' WHERE id = ${bad}`
      yield* request("PUT", `${stack.urls.orchestrator}/claiming`, { paused: false })
      const ends = yield* afterTheEnd(stack)
      for (const { id, status } of ends) assert.strictEqual(status, id === bad ? "FAILED" : "COMPLETED")
      const [order] = yield* stack.sql<{ earlier: number }>`
        SELECT count(*)::int AS earlier FROM ledger.entries
        WHERE status = 'COMPLETED' AND ended_at < (SELECT compensating_at FROM ledger.entries WHERE id = ${bad})`
      assert.strictEqual(order?.earlier, 7)
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))
})
