import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { anOrder, OrdersUnderTest, rows } from "./orders-under-test.ts"

const created = Effect.fn(function*(changes: Record<string, unknown> = {}) {
  const { call } = yield* OrdersUnderTest
  const order = anOrder(changes)
  assert.strictEqual((yield* call("POST", "/orders", order)).status, 201)
  return order
})
const confirm = (id: string) =>
  Effect.flatMap(OrdersUnderTest, ({ call }) => call("POST", `/orders/${id}/confirmation`))
const cancel = (id: string, reason = "out of stock") =>
  Effect.flatMap(OrdersUnderTest, ({ call }) => call("POST", `/orders/${id}/cancellation`, { reason }))

layer(OrdersUnderTest.layer, { excludeTestServices: true, timeout: "30 seconds" })("one order", (it) => {
  it.effect("is created once, however often it is asked for", () =>
    Effect.gen(function*() {
      const { call } = yield* OrdersUnderTest
      const order = anOrder()
      const answers = yield* Effect.all(
        Array.from({ length: 8 }, () => call("POST", "/orders", order)),
        { concurrency: "unbounded" }
      )
      for (const answer of answers) {
        assert.strictEqual(answer.status, 201)
        assert.deepStrictEqual(answer.body, answers[0]!.body)
      }
      const { created_at, updated_at, ...record } = answers[0]!.body
      assert.deepStrictEqual(record, { ...order, status: "PENDING" })
      assert.strictEqual(created_at, updated_at)
      const [firstLine] = order.items
      const lines = [firstLine, { ...firstLine!, product_id: randomUUID() }]
      const twoLines = yield* created({ items: lines })
      const turned = yield* call("POST", "/orders", { ...twoLines, items: lines.toReversed() })
      assert.strictEqual(turned.status, 201, "the same lines in another order are the same order")
    }))

  it.effect("is refused when its id belongs to an order with other contents", () =>
    Effect.gen(function*() {
      const { call } = yield* OrdersUnderTest
      const order = yield* created()
      const [line] = order.items
      const others = [
        { user_id: "user-2" },
        { email: "other@example.test" },
        { total_cents: 2501 },
        { currency: "eur" },
        { items: [line, line] },
        { items: [{ ...line, quantity: 3 }] },
        { items: [{ ...line, unit_price_cents: 1 }] }
      ]
      for (const other of others) {
        const answer = yield* call("POST", "/orders", { ...order, ...other })
        assert.strictEqual(answer.status, 409, JSON.stringify(other))
        assert.strictEqual(answer.body.error, "state_conflict")
        assert.strictEqual(answer.body.current, "PENDING")
      }
      const { body } = yield* call("GET", `/orders/${order.order_ledger_id}`)
      assert.strictEqual(body.total_cents, 2500)
    }))

  it.effect("is confirmed once and then never cancelled", () =>
    Effect.gen(function*() {
      const { call } = yield* OrdersUnderTest
      const { order_ledger_id: id } = yield* created()
      const first = yield* confirm(id)
      assert.strictEqual(first.body.status, "CONFIRMED")
      const second = yield* confirm(id)
      assert.deepStrictEqual(second.body, first.body, "a repeat changes nothing, not even updated_at")
      const refused = yield* cancel(id)
      assert.strictEqual(refused.status, 409)
      assert.strictEqual(refused.body.current, "CONFIRMED")
      assert.strictEqual((yield* call("GET", `/orders/${id}`)).body.status, "CONFIRMED")
    }))

  it.effect("is cancelled once, keeps its first reason, and is then neither confirmed nor created", () =>
    Effect.gen(function*() {
      const { call } = yield* OrdersUnderTest
      const order = yield* created()
      const id = order.order_ledger_id
      const first = yield* cancel(id, "no stock")
      assert.strictEqual(first.body.status, "CANCELLED")
      assert.strictEqual(first.body.total_cents, 2500)
      assert.strictEqual((yield* cancel(id, "another reason")).body.cancel_reason, "no stock")
      assert.strictEqual((yield* confirm(id)).body.current, "CANCELLED")
      assert.strictEqual((yield* call("POST", "/orders", order)).body.current, "CANCELLED")
    }))

  it.effect("cancelled before it was created is never created", () =>
    Effect.gen(function*() {
      const { call } = yield* OrdersUnderTest
      const order = anOrder()
      const tombstone = yield* cancel(order.order_ledger_id, "the customer left")
      assert.strictEqual(tombstone.status, 200)
      assert.hasAllKeys(tombstone.body, ["order_ledger_id", "status", "cancel_reason", "created_at", "updated_at"])
      assert.strictEqual((yield* call("POST", "/orders", order)).status, 409)
      assert.deepStrictEqual((yield* call("GET", `/orders/${order.order_ledger_id}`)).body, tombstone.body)
    }))

  it.effect("unknown is 404 to read and to confirm", () =>
    Effect.gen(function*() {
      const { call } = yield* OrdersUnderTest
      const id = randomUUID()
      for (const answer of [yield* call("GET", `/orders/${id}`), yield* confirm(id)]) {
        assert.strictEqual(answer.status, 404)
        assert.strictEqual(answer.body.error, "order_not_found")
        assert.strictEqual(answer.body.order_ledger_id, id)
      }
    }))

  it.effect("raced by a confirmation and a cancellation ends in exactly one of the two", () =>
    Effect.gen(function*() {
      for (let race = 0; race < 20; race++) {
        const { order_ledger_id: id } = yield* created()
        const [confirmed, cancelled] = yield* Effect.all([confirm(id), cancel(id)], { concurrency: 2 })
        assert.deepStrictEqual([confirmed.status, cancelled.status].toSorted(), [200, 409])
        const winner = confirmed.status === 200 ? "CONFIRMED" : "CANCELLED"
        const row = (yield* rows).find((one) => one.order_ledger_id === id)
        assert.strictEqual(row?.status, winner)
      }
    }))
})
