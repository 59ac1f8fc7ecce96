import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
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

describe("orders that ended long ago", () => {
  it.live("move to the archive, where they are found as before, and their keys stand for them as before", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests({
        LEDGER_ARCHIVE_AFTER_DAYS: "0",
        LEDGER_ARCHIVE_EVERY_MILLIS: "20",
        LEDGER_ARCHIVE_OVERLAP_MILLIS: "100"
      })
      const product = yield* stocked(stack, 2)
      const orders = [
        orderOf(product),
        orderOf(product, 1, "tok_decline_insufficient"),
        orderOf(product, 1),
        orderOf(product, 2)
      ]
      const firsts = yield* Effect.forEach(orders, (order, i) => place(stack, order, `key-${i}`))
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { AUTHORIZATION_FAILED: 1, COMPLETED: 2, FAILED: 1 })
      yield* stack.sql<{ n: number }>`SELECT count(*)::int AS n FROM ledger.entries`.pipe(
        Effect.repeat({ until: ([row]) => row?.n === 0, schedule: Schedule.spaced("20 millis") }),
        Effect.timeout("10 seconds")
      )
      const copies = yield* Effect.forEach(orders, (order, i) => place(stack, order, `key-${i}`))
      assert.deepStrictEqual(copies.map(({ text }) => text), firsts.map(({ text }) => text))
      assert.strictEqual((yield* place(stack, orderOf(product, 2), "key-0")).status, 422)
      const list = yield* request("GET", `${stack.urls.edge_api}/orders`)
      assert.strictEqual(list.body["orders"].length, 4)
      for (const status of ["COMPLETED", "FAILED"]) {
        const { body } = yield* request("GET", `${stack.urls.edge_api}/orders?status=${status}`)
        assert.strictEqual(body["orders"].length, status === "FAILED" ? 1 : 2)
        const id = body["orders"][0].order_ledger_id
        const { body: order } = yield* request("GET", `${stack.urls.edge_api}/orders/${id}`)
        assert.deepStrictEqual([order["status"], order["timeline"].at(-1).status], [status, status])
        assert.strictEqual((yield* request("GET", `${stack.urls.orchestrator}/sagas/${id}`)).body["status"], status)
      }
      const partitions = yield* stack
        .sql`SELECT relname FROM pg_class WHERE relispartition AND relname LIKE 'archive_2%'`
      assert.isAtLeast(partitions.length, 1)
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))
})
