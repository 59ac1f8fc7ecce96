import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import {
  adjust,
  anOrder,
  aProduct,
  assertBooksBalance,
  availabilityOf,
  expectStatus,
  InventoryUnderTest,
  reserve,
  reserveSet,
  stock
} from "./inventory-under-test.ts"
import { held, rotterdam, twoPlaces } from "./two-places.ts"

/** Puts an expiry into the past, as if its time had come. */
const runOut = (orderId: string) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) =>
      sql`UPDATE inventory.reservations SET expires_at = now() - interval '1 second' WHERE order_id = ${orderId}::uuid`
  )

layer(InventoryUnderTest.layer, { excludeTestServices: true, timeout: "60 seconds" })("a hold with an end", (it) => {
  it.effect("is available to everyone the moment it has run out", () =>
    Effect.gen(function*() {
      const { home, product } = yield* twoPlaces
      const { path, order, reservation } = yield* held([[product, 10]], { hold_seconds: 600 })
      assert.isAbove(Date.parse(reservation.expires_at), Date.now() + 500_000)
      assert.strictEqual((yield* availabilityOf(product)).available, 10)
      yield* runOut(order.order_id)
      const level = yield* availabilityOf(product)
      assert.deepInclude(level, { on_hand: 20, reserved: 10, available: 20 })
      assert.deepInclude(level.warehouses.find((w: any) => w.warehouse_id === home), { available: 10 })
      assert.deepInclude(yield* expectStatus(200, "GET", path), { status: "HELD", expired: true })
      const { reservation: next } = yield* held([[product, 10]])
      assert.strictEqual(next.warehouse_id, home)
      assert.deepInclude(yield* expectStatus(200, "GET", path), { status: "RELEASED", expired: false, allocations: [] })
      yield* assertBooksBalance
    }))

  it.effect("of several lines is taken back whole, also for one who wants one of them", () =>
    Effect.gen(function*() {
      const { home, product } = yield* twoPlaces
      const second = yield* aProduct
      yield* stock(second.id, 3, home)
      const { order } = yield* held([[product, 10], [second.id, 3]], { hold_seconds: 600 })
      yield* runOut(order.order_id)
      yield* held([[second.id, 3]])
      assert.deepInclude(yield* availabilityOf(product), { reserved: 0, available: 20 })
      yield* assertBooksBalance
    }))

  it.effect("is refused when it is asked for again after it has run out", () =>
    Effect.gen(function*() {
      const { product } = yield* twoPlaces
      const { order } = yield* held([[product, 1]], { hold_seconds: 600 })
      yield* runOut(order.order_id)
      for (let time = 0; time < 2; time++) {
        const [result] = yield* reserveSet([order])
        assert.deepInclude(result, { outcome: "refused", reason: "released_before" })
      }
      yield* assertBooksBalance
    }))

  it.effect("can be committed late while nobody has taken the stock back, and not after that", () =>
    Effect.gen(function*() {
      const { product } = yield* twoPlaces
      const inTime = yield* held([[product, 1]], { hold_seconds: 600 })
      const late = yield* held([[product, 1]], { hold_seconds: 600 })
      yield* runOut(inTime.order.order_id)
      assert.deepInclude(yield* expectStatus(200, "POST", `${inTime.path}/commitment`), {
        status: "COMMITTED",
        expired: false
      })
      yield* runOut(late.order.order_id)
      yield* held([[product, 1]])
      assert.strictEqual((yield* expectStatus(409, "POST", `${late.path}/commitment`)).current, "RELEASED")
      yield* assertBooksBalance
    }))

  it.effect("frees its units for an adjustment too", () =>
    Effect.gen(function*() {
      const { home, product } = yield* twoPlaces
      const { order } = yield* held([[product, 10]], { hold_seconds: 600 })
      const takeOut = adjust(product, { quantity: -10, reason: "Moved", warehouse_id: home })
      assert.strictEqual((yield* takeOut).status, 409)
      yield* runOut(order.order_id)
      assert.deepInclude((yield* takeOut).body, { on_hand: 0, reserved: 0, available: 0 })
      yield* assertBooksBalance
    }))

  it.effect("and hundreds of them that run out at once are all free to the first who asks", () =>
    Effect.gen(function*() {
      const { home, product } = yield* twoPlaces
      yield* stock(product, 290, home)
      const orders = Array.from(
        { length: 300 },
        () => anOrder([[product, 1]], { hold_seconds: 600, shipping_address: { location: rotterdam } })
      )
      for (let i = 0; i < 300; i += 60) yield* reserveSet(orders.slice(i, i + 60))
      const sql = yield* SqlClient.SqlClient
      yield* sql`UPDATE inventory.reservations SET expires_at = now() WHERE expires_at IS NOT NULL`
      const takers = yield* Effect.all(
        Array.from(
          { length: 3 },
          () => reserve(anOrder([[product, 100]], { shipping_address: { location: rotterdam } }))
        ),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(
        takers.map((taker) => [taker.status, taker.body.warehouse_id]),
        [0, 1, 2].map(() => [201, home])
      )
      yield* assertBooksBalance
    }))
})
