import { assert, describe, it } from "@effect/vitest"
import { isConcurrent } from "@surety/testkit/test-database"
import { Effect } from "effect"
import { serviceProcess } from "./service-process.ts"
import {
  afterTheEnd,
  assertBooksBalance,
  orderOf,
  place,
  request,
  stackForTests,
  stocked,
  tally,
  untilEntry
} from "./stack-for-tests.ts"

describe("any number of orchestrators share one ledger", () => {
  it.live.skipIf(!isConcurrent())(
    "two orchestrators never act on one order at the same time",
    () =>
      Effect.gen(function*() {
        const stack = yield* stackForTests({ SAGA_SET_SIZE: "8", PROVIDER_TIMEOUT_MILLIS: "5000" })
        yield* serviceProcess(stack, "orchestrator", { SAGA_SET_SIZE: "8" })
        yield* serviceProcess(stack, "orchestrator", { SAGA_SET_SIZE: "8" })
        const product = yield* stocked(stack, 300)
        yield* Effect.replicateEffect(place(stack, orderOf(product)), 200, { concurrency: 50, discard: true })
        assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 200 })
        // Nobody took over what another still held. (A row handed back after a slow answer may be claimed again.)
        assert.deepStrictEqual(yield* stack.sql`SELECT id, fence FROM ledger.entries WHERE lease_expiries <> 0`, [])
        const [claims] = yield* stack.sql<{ again: number }>`
          SELECT count(*) FILTER (WHERE fence > 2)::int AS again FROM ledger.entries`
        assert.isAtMost(claims!.again, 10)
        const { body } = yield* request("GET", `${stack.urls.simulator}/_simulator/log`)
        const captures = body["entries"].filter((entry: { operation: string; replayed: boolean }) =>
          entry.operation === "capture" && !entry.replayed
        )
        assert.strictEqual(captures.length, 200)
        yield* assertBooksBalance(stack)
      }).pipe(Effect.scoped)
  )

  it.live("a paused orchestrator is fenced out: its late record changes nothing", () =>
    Effect.gen(function*() {
      const environment = { SAGA_LEASE_MILLIS: "600", SAGA_CALL_TIMEOUT_MILLIS: "5000", PROVIDER_TIMEOUT_MILLIS: "700" }
      const stack = yield* stackForTests(environment, ["orchestrator"])
      const product = yield* stocked(stack, 5)
      const paused = yield* serviceProcess(stack, "orchestrator", environment)
      yield* paused.said("service.listening")
      yield* place(stack, orderOf(product, 1, "tok_capture_timeout_after"))
      yield* untilEntry(stack, "status = 'INVENTORY_RESERVED' AND lease_until IS NOT NULL")
      yield* paused.signal("SIGSTOP")
      yield* serviceProcess(stack, "orchestrator", environment)
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 1 })
      const before = yield* stack.sql`SELECT status, fence, updated_at FROM ledger.entries`
      yield* paused.signal("SIGCONT")
      yield* paused.said("saga.fenced")
      assert.deepStrictEqual(yield* stack.sql`SELECT status, fence, updated_at FROM ledger.entries`, before)
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))
})
