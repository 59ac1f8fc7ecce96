import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { InventoryUnderTest } from "./inventory-under-test.ts"

layer(InventoryUnderTest.layer, { excludeTestServices: true, timeout: "60 seconds" })("smoke", (it) => {
  it.effect("smoke", () =>
    Effect.gen(function*() {
      const { call } = yield* InventoryUnderTest
      const log = (a: any) => console.log(a.status, JSON.stringify(a.body))
      const p = yield* call("POST", "/products", { name: "Tea", sku: "TEA", priceCents: 450 })
      log(p)
      log(
        yield* call("POST", `/products/${p.body.id}/stock`, { quantity: 100, reason: "Initial inventory" }, {
          "idempotency-key": "k0"
        })
      )
      const w = yield* call("POST", "/warehouses", {
        code: "STO",
        name: "Stockholm",
        location: { latitude: 59.33, longitude: 18.07 }
      })
      const w2 = yield* call("POST", "/warehouses", {
        code: "PAR",
        name: "Paris",
        location: { latitude: 48.85, longitude: 2.35 }
      })
      log(w)
      log(
        yield* call("POST", "/warehouses", {
          code: "STO",
          name: "Stockholm",
          location: { latitude: 59.33, longitude: 18.07 }
        })
      )
      log(yield* call("POST", "/products", { name: "Tea", sku: "TEA", priceCents: 450 }))
      log(
        yield* call("POST", `/products/${p.body.id}/stock`, { quantity: 100, reason: "Initial inventory" }, {
          "idempotency-key": "k1"
        })
      )
      log(
        yield* call("POST", `/products/${p.body.id}/stock`, { quantity: 100, reason: "Initial inventory" }, {
          "idempotency-key": "k1"
        })
      )
      log(
        yield* call("POST", `/products/${p.body.id}/stock`, { quantity: 101, reason: "Initial inventory" }, {
          "idempotency-key": "k1"
        })
      )
      log(
        yield* call("POST", `/products/${p.body.id}/stock`, { quantity: -101, reason: "x" }, {
          "idempotency-key": "k2"
        })
      )
      log(yield* call("GET", `/products/${p.body.id}/availability`))
      const r = (n: number) => `00000000-0000-7000-8000-0000000000${n + 10}`
      const reserve = (n: number, extra = {}, quantity = 2) =>
        call("POST", "/reservations", { order_id: r(n), items: [{ product_id: p.body.id, quantity }], ...extra })
      log(yield* reserve(1))
      log(yield* reserve(1))
      log(yield* reserve(2, { shipping_address: { city: "Lyon", country: "FR" } }))
      log(yield* reserve(3, { hold_seconds: 1 }))
      log(yield* reserve(4, {}, 99))
      log(yield* call("GET", `/reservations/${r(4)}`))
      log(
        yield* call("POST", `/products/${p.body.id}/stock`, { quantity: 10, reason: "x", warehouseId: w2.body.id }, {
          "idempotency-key": "k3"
        })
      )
      log(yield* reserve(5, {}, 100))
      log(yield* reserve(6, { allow_split: true }, 100))
      log(yield* call("POST", `/reservations/${r(1)}/commitment`))
      log(yield* call("POST", `/reservations/${r(1)}/commitment`))
      log(yield* call("DELETE", `/reservations/${r(1)}`))
      log(yield* call("DELETE", `/reservations/${r(2)}`))
      log(yield* call("DELETE", `/reservations/${r(2)}`))
      log(yield* call("DELETE", `/reservations/${r(9)}`))
      log(yield* reserve(9))
      log(yield* call("POST", `/reservations/${r(9)}/commitment`))
      log(yield* call("POST", `/reservations/${r(8)}/commitment`))
      log(yield* call("GET", `/products/${p.body.id}/availability`))
      yield* Effect.sleep("1100 millis")
      log(yield* call("GET", `/reservations/${r(3)}`))
      log(yield* call("GET", `/products/${p.body.id}/availability`))
      log(yield* reserve(3))
      log(yield* call("GET", `/products/${p.body.id}/availability`))
      log(yield* call("POST", "/products/prices", { product_ids: [p.body.id, p.body.id, r(1)] }))
      log(yield* call("GET", "/products?limit=1"))
      log(yield* call("GET", "/warehouses"))
      assert.isTrue(true)
    }))
})
