import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import {
  adjust,
  anOrder,
  aProduct,
  assertBooksBalance,
  availabilityOf,
  aWarehouse,
  InventoryUnderTest,
  reserve,
  rowCounts,
  stock
} from "./inventory-under-test.ts"

const initial = { quantity: 100, reason: "Initial inventory" }

layer(InventoryUnderTest.layer, { excludeTestServices: true, timeout: "60 seconds" })("adjusting stock", (it) => {
  it.effect("needs a warehouse, and says so while there is none", () =>
    Effect.gen(function*() {
      const { id } = yield* aProduct
      const before = yield* rowCounts
      const answer = yield* adjust(id, initial)
      assert.strictEqual(answer.status, 404)
      assert.strictEqual(answer.body.error, "warehouse_not_found")
      assert.deepStrictEqual(yield* rowCounts, before)
      yield* aWarehouse(52, 4)
    }))

  it.effect("brings units to the default warehouse when none is named", () =>
    Effect.gen(function*() {
      const { id } = yield* aProduct
      const answer = yield* adjust(id, initial)
      assert.strictEqual(answer.status, 200, JSON.stringify(answer.body))
      assert.deepInclude(answer.body, { product_id: id, on_hand: 100, reserved: 0, available: 100 })
      assert.deepInclude(yield* availabilityOf(id), { on_hand: 100, reserved: 0, available: 100 })
    }))

  it.effect("takes the warehouse in either spelling, but not in both", () =>
    Effect.gen(function*() {
      const { id } = yield* aProduct
      const warehouse = yield* aWarehouse(10, 10)
      const key = randomUUID()
      const camel = yield* adjust(id, { ...initial, warehouseId: warehouse.id }, key)
      assert.strictEqual(camel.body.warehouse_id, warehouse.id)
      const snake = yield* adjust(id, { ...initial, warehouse_id: warehouse.id }, key)
      assert.deepStrictEqual(snake.body, camel.body, "the same request in the other spelling")
      const both = yield* adjust(id, { ...initial, warehouse_id: warehouse.id, warehouseId: warehouse.id })
      assert.strictEqual(both.status, 400)
    }))

  it.effect("happens once a key, and a copy gets the level that the first one left", () =>
    Effect.gen(function*() {
      const { id } = yield* aProduct
      const key = randomUUID()
      const copies = yield* Effect.all(Array.from({ length: 20 }, () => adjust(id, initial, key)), {
        concurrency: "unbounded"
      })
      yield* stock(id, 5)
      const late = yield* adjust(id, initial, key)
      for (const copy of [...copies, late]) {
        assert.strictEqual(copy.status, 200, JSON.stringify(copy.body))
        assert.strictEqual(copy.body.on_hand, 100)
      }
      assert.strictEqual((yield* availabilityOf(id)).on_hand, 105)
      yield* assertBooksBalance
    }))

  it.effect("refuses a key that stands for another request, but knows keys a product", () =>
    Effect.gen(function*() {
      const [first, second] = [yield* aProduct, yield* aProduct]
      const key = randomUUID()
      yield* adjust(first.id, initial, key)
      const before = yield* rowCounts
      for (const other of [{ ...initial, quantity: 101 }, { ...initial, reason: "Other" }]) {
        const answer = yield* adjust(first.id, other, key)
        assert.strictEqual(answer.status, 422)
        assert.strictEqual(answer.body.error, "idempotency_key_reused")
      }
      assert.deepStrictEqual(yield* rowCounts, before)
      assert.strictEqual((yield* adjust(second.id, { ...initial, quantity: 7 }, key)).body.on_hand, 7)
    }))

  it.effect("takes out what is free and never what is reserved", () =>
    Effect.gen(function*() {
      const { id } = yield* aProduct
      yield* stock(id, 10)
      assert.strictEqual((yield* reserve(anOrder([[id, 4]]))).status, 201)
      const before = yield* rowCounts
      const key = randomUUID()
      const tooMuch = yield* adjust(id, { quantity: -7, reason: "Broken" }, key)
      assert.strictEqual(tooMuch.status, 409)
      assert.deepStrictEqual(tooMuch.body.shortages, [{ product_id: id, requested: 7, available: 6 }])
      assert.deepStrictEqual(yield* rowCounts, before)
      const all = yield* adjust(id, { quantity: -6, reason: "Broken" })
      assert.deepInclude(all.body, { on_hand: 4, reserved: 4, available: 0 })
      yield* stock(id, 1)
      const now = yield* adjust(id, { quantity: -1, reason: "Broken" }, key)
      assert.strictEqual(now.status, 200, "a refusal is not remembered, not under its key either")
      yield* assertBooksBalance
    }))

  it.effect("of a product or a warehouse that does not exist is a 404", () =>
    Effect.gen(function*() {
      const { id } = yield* aProduct
      const before = yield* rowCounts
      const noProduct = yield* adjust(randomUUID(), initial)
      assert.deepInclude(noProduct, { status: 404 })
      assert.strictEqual(noProduct.body.error, "product_not_found")
      const noWarehouse = yield* adjust(id, { ...initial, warehouse_id: randomUUID() })
      assert.strictEqual(noWarehouse.body.error, "warehouse_not_found")
      assert.deepStrictEqual(yield* rowCounts, before)
    }))

  for (
    const bad of [{ quantity: 0 }, { quantity: 1.5 }, { quantity: 1_000_001 }, { quantity: "5" }, { reason: "" }, {
      more: 1
    }]
  ) {
    it.effect(`with ${JSON.stringify(bad)} is a 400 and writes nothing`, () =>
      Effect.gen(function*() {
        const { id } = yield* aProduct
        const before = yield* rowCounts
        assert.strictEqual((yield* adjust(id, { ...initial, ...bad })).status, 400)
        assert.deepStrictEqual(yield* rowCounts, before)
      }))
  }

  it.effect("without a key is a 400 that asks for one", () =>
    Effect.gen(function*() {
      const { id } = yield* aProduct
      const { call } = yield* InventoryUnderTest
      const answer = yield* call("POST", `/products/${id}/stock`, initial)
      assert.strictEqual(answer.status, 400)
      assert.strictEqual(answer.body.error, "idempotency_key_missing")
    }))
})
