import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import {
  anOrder,
  aProduct,
  assertBooksBalance,
  aWarehouse,
  call,
  expectStatus,
  InventoryUnderTest,
  rowCounts,
  stock
} from "./inventory-under-test.ts"

const unknownId = "0198a4b2-7d1e-7c3a-9f00-1234567890ab"
const badProduct = (changes: object) => JSON.stringify({ name: "Tea", sku: "BAD", price_cents: 450, ...changes })

/** Requests that are not right, each with a word that its 400 must say. */
const malformed: ReadonlyArray<readonly [name: string, path: string, body: string, says: string]> = [
  ["a product without a price", "/products", badProduct({ price_cents: undefined }), "exactly one"],
  ["a product with both spellings of its price", "/products", badProduct({ priceCents: 450 }), "exactly one"],
  ["a price with a fraction", "/products", badProduct({ price_cents: 4.5 }), "integer"],
  ["a negative price", "/products", badProduct({ price_cents: -1 }), "price_cents"],
  ["a price over the limit", "/products", badProduct({ price_cents: 100_000_000 }), "price_cents"],
  ["a price beyond all numbers", "/products", badProduct({}).replace("450", "1e309"), "price_cents"],
  ["NUL in a name", "/products", badProduct({ name: "a\u0000b" }), "NUL"],
  ["half a surrogate pair", "/products", badProduct({ name: "\ud800" }), "Unicode"],
  ["an empty SKU", "/products", badProduct({ sku: "" }), "sku"],
  ["an unknown field", "/products", badProduct({ stock: 5 }), "stock"],
  ["no JSON", "/products", "{", "JSON"],
  [
    "a warehouse off the globe",
    "/warehouses",
    "{\"code\":\"X\",\"name\":\"X\",\"location\":{\"latitude\":91,\"longitude\":0}}",
    "latitude"
  ],
  ["prices of nothing", "/products/prices", "{\"product_ids\":[]}", "product_ids"],
  ["prices of no UUID", "/products/prices", "{\"product_ids\":[\"tea\"]}", "UUID"],
  ["a reservation of no lines", "/reservations", JSON.stringify({ order_id: unknownId, items: [] }), "items"],
  [
    "a reservation of 101 units",
    "/reservations",
    JSON.stringify({ order_id: unknownId, items: [{ product_id: unknownId, quantity: 101 }] }),
    "quantity"
  ],
  ["a set of 65", "/reservations/releases/batch", JSON.stringify({ items: Array(65).fill(unknownId) }), "items"]
]

layer(InventoryUnderTest.layer, { excludeTestServices: true, timeout: "60 seconds" })("the catalogue", (it) => {
  for (const [name, path, body, says] of malformed) {
    it.effect(`${name} is a 400 that says why, and writes nothing`, () =>
      Effect.gen(function*() {
        const before = yield* rowCounts
        const answer = yield* call("POST", path, body)
        assert.strictEqual(answer.status, 400, JSON.stringify(answer.body))
        assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
        assert.include(answer.body.detail, says)
        assert.deepStrictEqual(yield* rowCounts, before)
      }))
  }

  it.effect("takes a price in either spelling", () =>
    Effect.gen(function*() {
      for (const price of [{ price_cents: 450 }, { priceCents: 450 }]) {
        const sku = randomUUID()
        const created = yield* expectStatus(201, "POST", "/products", { name: "Tea", sku, ...price })
        assert.deepInclude(created, { name: "Tea", sku, price_cents: 450 })
        assert.deepStrictEqual(yield* expectStatus(200, "GET", `/products/${created.id}`), created)
      }
    }))

  it.effect("keeps a SKU for one product and names the one that has it", () =>
    Effect.gen(function*() {
      const sku = randomUUID()
      const answers = yield* Effect.all(
        Array.from({ length: 8 }, (_, i) => call("POST", "/products", { name: `Tea ${i}`, sku, price_cents: i })),
        { concurrency: "unbounded" }
      )
      const created = answers.filter((answer) => answer.status === 201)
      assert.strictEqual(created.length, 1)
      for (const answer of answers.filter((a) => a.status !== 201)) {
        assert.strictEqual(answer.status, 409)
        assert.deepInclude(answer.body, { error: "sku_taken", sku, existing_product_id: created[0]!.body.id })
      }
    }))

  it.effect("tells the prices of what it has and names what it has not", () =>
    Effect.gen(function*() {
      const product = yield* aProduct
      const answer = yield* expectStatus(200, "POST", "/products/prices", {
        product_ids: [product.id, unknownId, product.id]
      })
      assert.deepStrictEqual(answer, {
        prices: [{ product_id: product.id, price_cents: 450 }],
        unknown: [unknownId]
      })
    }))

  it.effect("is read page by page, each product once", () =>
    Effect.gen(function*() {
      for (let i = 0; i < 5; i++) yield* aProduct
      const all = (yield* expectStatus(200, "GET", "/products")).products
      const paged: Array<unknown> = []
      for (let next = "";;) {
        const page = yield* expectStatus(200, "GET", `/products?limit=2${next}`)
        paged.push(...page.products)
        if (page.next_cursor === undefined) break
        next = `&cursor=${page.next_cursor}`
      }
      assert.deepStrictEqual(paged, all)
      assert.strictEqual((yield* call("GET", "/products?limit=101")).status, 400)
    }))

  it.effect("answers 404 about a product it has not", () =>
    Effect.gen(function*() {
      for (const path of [`/products/${unknownId}`, `/products/${unknownId}/availability`]) {
        const body = yield* expectStatus(404, "GET", path)
        assert.deepInclude(body, { error: "product_not_found", product_id: unknownId })
      }
      assert.strictEqual((yield* call("GET", "/products/tea")).status, 400)
    }))

  it.effect("shows a product that nobody stocks as available nowhere", () =>
    Effect.gen(function*() {
      const { id } = yield* aProduct
      const availability = yield* expectStatus(200, "GET", `/products/${id}/availability`)
      assert.deepStrictEqual(availability, { product_id: id, on_hand: 0, reserved: 0, available: 0, warehouses: [] })
    }))
})

layer(InventoryUnderTest.layer, { excludeTestServices: true, timeout: "60 seconds" })("warehouses", (it) => {
  it.effect("the first of all is the default one, whoever comes at the same time", () =>
    Effect.gen(function*() {
      const made = yield* Effect.all(Array.from({ length: 8 }, (_, i) => aWarehouse(i, -i)), {
        concurrency: "unbounded"
      })
      assert.strictEqual(made.filter((warehouse) => warehouse.is_default).length, 1)
      const { warehouses } = yield* expectStatus(200, "GET", "/warehouses")
      assert.sameDeepMembers(warehouses, made)
      yield* assertBooksBalance
    }))

  it.effect("a place is one place, however it is spelt", () =>
    Effect.gen(function*() {
      const product = yield* aProduct
      const spellings = [
        [{ latitude: 7, longitude: -180 }, { latitude: 7, longitude: 180 }],
        [{ latitude: 8, longitude: 180 }, { latitude: 8, longitude: -180 }],
        [{ latitude: 90, longitude: 45 }, { latitude: 90, longitude: -135 }]
      ] as const
      for (const [stored, wanted] of spellings) {
        const warehouse = yield* aWarehouse(stored.latitude, stored.longitude)
        yield* stock(product.id, 1, warehouse.id)
        const order = anOrder([[product.id, 1]], { shipping_address: { location: wanted } })
        const { decision, warehouse_id } = yield* expectStatus(201, "POST", "/reservations", order)
        assert.strictEqual(warehouse_id, warehouse.id)
        assert.strictEqual(decision.candidates.at(-1).distance_meters, 0)
      }
    }))

  it.effect("a code is for one", () =>
    Effect.gen(function*() {
      const { code, location } = yield* aWarehouse(-90, 180)
      const body = yield* expectStatus(409, "POST", "/warehouses", { code, name: "Other", location })
      assert.deepInclude(body, { error: "warehouse_code_taken", code })
    }))
})
