import { Effect } from "effect"
import { anOrder, aProduct, aWarehouse, expectStatus, stock } from "./inventory-under-test.ts"

export const rotterdam = { latitude: 51.92, longitude: 4.48 }
const newYork = { latitude: 40.71, longitude: -74.0 }

/** A product with ten units in each of two warehouses; the first one ever made is the default. */
export const twoPlaces = Effect.gen(function*() {
  const { id } = yield* aProduct
  const home = yield* aWarehouse(rotterdam.latitude, rotterdam.longitude)
  const away = yield* aWarehouse(newYork.latitude, newYork.longitude)
  yield* stock(id, 10, home.id)
  yield* stock(id, 10, away.id)
  return { product: id as string, home: home.id as string, away: away.id as string }
})

export const held = Effect.fn(function*(items: ReadonlyArray<readonly [string, number]>, more: object = {}) {
  const order = anOrder(items, { shipping_address: { location: rotterdam }, ...more })
  const reservation = yield* expectStatus(201, "POST", "/reservations", order)
  return { order, reservation, path: `/reservations/${order.order_id}` }
})
