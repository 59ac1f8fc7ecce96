import { assert, layer } from "@effect/vitest"
import { seededRandom } from "@surety/platform/seeded-random"
import { isConcurrent } from "@surety/testkit/test-database"
import { Effect, Fiber, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { anywhere } from "./geodesy.ts"
import {
  anOrder,
  aProduct,
  assertBooksBalance,
  availabilityOf,
  aWarehouse,
  commitSet,
  InventoryUnderTest,
  releaseSet,
  reserveSet,
  stock
} from "./inventory-under-test.ts"
import { rotterdam, twoPlaces } from "./two-places.ts"

const nearHome = { shipping_address: { location: rotterdam } }
const random = seededRandom(7)
const shuffled = <A>(all: ReadonlyArray<A>) =>
  all.map((a) => [random(), a] as const).toSorted(([a], [b]) => a - b).map(([, a]) => a)
const chunked = <A>(all: ReadonlyArray<A>, size: number) =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size))

/** Deadlocks the server has broken up in this database. A session is sure to have told of its own once it is gone. */
const deadlocks = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const others = sql.literal(
    "pg_stat_activity WHERE datname = current_database() AND usename = current_user " +
      "AND application_name = 'inventory-under-test'"
  )
  yield* sql`SELECT pg_terminate_backend(pid) FROM ${others}`
  yield* sql<{ n: number }>`SELECT count(*)::int AS n FROM ${others}`.pipe(
    Effect.repeat({ until: ([left]) => left!.n === 0, schedule: Schedule.spaced("20 millis"), times: 500 })
  )
  const [row] = yield* sql<{ n: number }>`
    SELECT deadlocks::int AS n FROM pg_stat_database WHERE datname = current_database()`
  return row!.n
})

layer(InventoryUnderTest.layer, { excludeTestServices: true, timeout: "120 seconds" })("under contention", (it) => {
  it.effect("500 orders of one unit at once for a stock of 100 hold exactly 100", () =>
    Effect.gen(function*() {
      const { id } = yield* aProduct
      yield* aWarehouse(51.92, 4.48)
      yield* stock(id, 100)
      const orders = Array.from({ length: 500 }, () => anOrder([[id, 1]]))
      const sets = [...chunked(orders.slice(0, 400), 40), ...chunked(orders.slice(400), 1)]
      const results = (yield* Effect.forEach(sets, reserveSet, { concurrency: "unbounded" })).flat()
      const held = results.filter((result) => result.outcome === "done")
      assert.strictEqual(held.length, 100)
      for (const result of results.filter((r) => r.outcome === "refused")) {
        assert.strictEqual(result.reason, "insufficient_stock")
      }
      assert.deepInclude(yield* availabilityOf(id), { on_hand: 100, reserved: 100, available: 0 })
      yield* commitSet(held.slice(0, 50).map((r) => r.order_id))
      yield* releaseSet(held.slice(50).map((r) => r.order_id))
      assert.deepInclude(yield* availabilityOf(id), { on_hand: 50, reserved: 0, available: 50 })
      yield* assertBooksBalance
    }))

  it.effect("a set that wants one unit from each of a hundred warehouses gets them, the nearest first", () =>
    Effect.gen(function*() {
      const { id } = yield* aProduct
      const places = yield* Effect.forEach(Array.from({ length: 100 }, (_, i) => i), (i) => aWarehouse(10, 20 + i / 10))
      yield* Effect.forEach(places, (place) => stock(id, 1, place.id), { concurrency: 8 })
      const address = { shipping_address: { location: { latitude: 10, longitude: 20 } } }
      const sets = Array.from({ length: 2 }, () => Array.from({ length: 60 }, () => anOrder([[id, 1]], address)))
      const [first, second] = [yield* reserveSet(sets[0]!), yield* reserveSet(sets[1]!)]
      assert.deepStrictEqual(first.map((r) => r.warehouse_id), places.slice(0, 60).map((place) => place.id))
      assert.deepStrictEqual(second.slice(0, 40).map((r) => r.warehouse_id), places.slice(60).map((place) => place.id))
      assert.isTrue(second.slice(40).every((r) => r.reason === "insufficient_stock"))
    }))

  it.effect("an order whose warehouse is emptied between the look and the write is decided anew", (context) =>
    Effect.gen(function*() {
      if (!isConcurrent()) {
        return context.skip("this database runs one transaction at a time: nobody can come between")
      }
      const { away, home, product } = yield* twoPlaces
      const [near, two] = [anOrder([[product, 6]], nearHome), anOrder([[product, 2]], nearHome)]
      const sql = yield* SqlClient.SqlClient
      const set = yield* sql.withTransaction(Effect.gen(function*() {
        yield* sql`
          WITH left_home AS (
            UPDATE inventory.stock SET on_hand = on_hand - 7
            WHERE product_id = ${product}::uuid AND warehouse_id = ${home}::uuid
          )
          INSERT INTO inventory.movements (cause_id, line, kind, product_id, warehouse_id, on_hand_delta)
          VALUES (gen_random_uuid(), 0, 'adjust', ${product}::uuid, ${home}::uuid, -7)`
        const reserving = yield* Effect.forkScoped(reserveSet([near, two]), { startImmediately: true })
        // They have read ten units at home, and wait to write.
        yield* sql<{ n: number }>`
          SELECT count(*)::int AS n FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock'`.pipe(
          Effect.repeat({ until: ([row]) => row?.n === 1, schedule: Schedule.spaced("5 millis"), times: 1000 })
        )
        return reserving
      }))
      const results = yield* Fiber.join(set)
      assert.deepStrictEqual(results.map((r) => [r.outcome, r.warehouse_id]), [["done", away], ["done", home]])
      assert.deepInclude(yield* availabilityOf(product), { on_hand: 13, reserved: 8, available: 5 })
      yield* assertBooksBalance
    }).pipe(Effect.scoped))

  it.effect("shuffled multi-line orders over 50 products cause no deadlock", (context) =>
    Effect.gen(function*() {
      if (!isConcurrent()) {
        return context.skip("this database runs one transaction at a time: there are no locks to test")
      }
      const products = yield* Effect.forEach(
        Array.from({ length: 50 }),
        () => Effect.map(aProduct, (p) => p.id as string)
      )
      const places = yield* Effect.forEach(Array.from({ length: 6 }), () => {
        const { latitude, longitude } = anywhere(random)
        return aWarehouse(latitude, longitude)
      })
      yield* Effect.forEach(
        products.flatMap((product) => places.map((place) => stock(product, 60, place.id))),
        (one) => one,
        { concurrency: 8 }
      )
      const orders = Array.from({ length: 1000 }, () => {
        const lines = shuffled(products).slice(0, 1 + Math.floor(random() * 12))
        return anOrder(lines.map((product) => [product, 1 + Math.floor(random() * 3)] as const), {
          shipping_address: { location: anywhere(random) },
          allow_split: random() < 0.3
        })
      })
      const ends = chunked(orders, 25).map((set) =>
        Effect.gen(function*() {
          const held = (yield* reserveSet(set)).flatMap((r) => r.outcome === "done" ? [r.order_id] : [])
          const ended = shuffled(held)
          const half = Math.floor(ended.length / 2)
          // Sets overlap on purpose, and some orders are asked about by two at once.
          const twice = shuffled([...ended.slice(0, half), ...ended.slice(0, 3)])
          yield* Effect.all(
            [
              releaseSet(shuffled(twice)),
              releaseSet(shuffled(twice)),
              commitSet(ended.slice(half)),
              reserveSet(shuffled(set))
            ]
              .filter((_, i) => half > 0 || i === 3),
            { concurrency: "unbounded" }
          )
        })
      )
      yield* Effect.all(shuffled(ends), { concurrency: 8 })
      yield* assertBooksBalance
      const sql = yield* SqlClient.SqlClient
      const kinds = yield* sql<{ status: string; n: number }>`
        SELECT status, count(*)::int AS n FROM inventory.reservations WHERE order_id = ANY(${
        orders.map((o) => o.order_id)
      }::uuid[]) GROUP BY 1 ORDER BY 1`
      assert.includeMembers(kinds.map((kind) => kind.status), ["COMMITTED", "RELEASED"])
      assert.strictEqual(yield* deadlocks, 0)
    }), 120_000)
})
