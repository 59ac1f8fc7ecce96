import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import {
  afterTheEnd,
  assertBooksBalance,
  orderOf,
  place,
  request,
  type Stack,
  stackForTests,
  stocked,
  tally,
  untilEntry
} from "./stack-for-tests.ts"

const pause = (stack: Stack, paused: boolean) => request("PUT", `${stack.urls.orchestrator}/claiming`, { paused })

/** Parks an order that nobody holds, as a worker does that has no more patience, and turns it back. */
const turnBack = Effect.fnUntraced(function*(stack: Stack, id: string) {
  yield* untilEntry(stack, `id = '${id}' AND lease_until IS NULL`)
  yield* stack.sql`UPDATE ledger.entries SET parked_at = now(), parked_reason = 'a test' WHERE id = ${id}`
  yield* pause(stack, false)
  const turned = yield* request("POST", `${stack.urls.orchestrator}/sagas/${id}/compensate`, { note: "tested" })
  assert.deepStrictEqual([turned.status, turned.body["status"]], [200, "COMPENSATING"], turned.text)
})

describe("an order that an operator turns back", () => {
  it.live("although its money was taken without our hearing of it gives the money back", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests({ PROVIDER_BREAKER_OPEN_MILLIS: "10" })
      const product = yield* stocked(stack, 5)
      const placed = yield* place(stack, orderOf(product, 1, "tok_capture_timeout_after_x99"))
      yield* untilEntry(stack, "status = 'INVENTORY_RESERVED' AND attempts > 0")
      yield* pause(stack, true)
      yield* turnBack(stack, placed.body["order_ledger_id"])
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { FAILED: 1 })
      const { body } = yield* request("GET", `${stack.urls.simulator}/_simulator/totals`)
      assert.deepStrictEqual([body["captured_cents"], body["refunded_cents"]], [2999, 2999])
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))

  it.live("although its stock was set aside without our hearing of it frees the stock", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* stocked(stack, 5)
      yield* pause(stack, true)
      const id: string = (yield* place(stack, orderOf(product))).body["order_ledger_id"]
      const items = [{ product_id: product, quantity: 1 }]
      const held = yield* request("POST", `${stack.urls.inventory}/reservations`, { order_id: id, items })
      assert.strictEqual(held.status, 201, held.text)
      yield* stack.sql`UPDATE ledger.entries SET status = 'ORDER_CREATED', order_created_at = now() WHERE id = ${id}`
      yield* turnBack(stack, id)
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { FAILED: 1 })
      const { body } = yield* request("GET", `${stack.urls.inventory}/products/${product}/availability`)
      assert.deepStrictEqual([body["on_hand"], body["reserved"]], [5, 0])
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))
})
