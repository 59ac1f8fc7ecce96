import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { seedCatalogue, seedProducts, seedWarehouses } from "../src/seed.ts"
import {
  anOrder,
  assertBooksBalance,
  availabilityOf,
  expectStatus,
  InventoryUnderTest,
  reserve,
  rowCounts
} from "./inventory-under-test.ts"

layer(InventoryUnderTest.layer, { excludeTestServices: true, timeout: "60 seconds" })("the seed", (it) => {
  it.effect("gives a fresh system what to order, by the rights of the service alone, and twice is once", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const seedAsService = sql.withTransaction(Effect.andThen(sql`SET LOCAL ROLE surety_inventory`, seedCatalogue))
      yield* seedAsService
      const counts = yield* rowCounts
      yield* reserve(anOrder([[seedProducts.tea, 1]]))
      const before = yield* rowCounts
      yield* seedAsService
      assert.deepStrictEqual(yield* rowCounts, before)
      assert.notDeepEqual(yield* rowCounts, counts, "the order was one more")
      const { products } = yield* expectStatus(200, "GET", "/products")
      assert.deepStrictEqual(products.map((product: any) => product.id), Object.values(seedProducts))
      const { warehouses } = yield* expectStatus(200, "GET", "/warehouses")
      assert.sameMembers(warehouses.map((w: any) => w.id), Object.values(seedWarehouses))
      assert.deepStrictEqual(warehouses.filter((w: any) => w.is_default).map((w: any) => w.code), ["RTM"])
      yield* assertBooksBalance
    }))

  it.effect("has one product that only one warehouse has, one with a single unit and one that is sold out", () =>
    Effect.gen(function*() {
      const toParis = { shipping_address: { city: "Paris", country: "FR" } }
      const boomerang = yield* reserve(anOrder([[seedProducts.boomerang, 1]], toParis))
      assert.strictEqual(boomerang.body.warehouse_id, seedWarehouses.sydney)
      assert.deepInclude(yield* availabilityOf(seedProducts.lastOne), { available: 1 })
      assert.deepInclude(yield* availabilityOf(seedProducts.soldOut), { on_hand: 0, available: 0 })
      const soldOut = yield* reserve(anOrder([[seedProducts.soldOut, 1]], toParis))
      assert.strictEqual(soldOut.body.error, "insufficient_stock")
    }))
})
