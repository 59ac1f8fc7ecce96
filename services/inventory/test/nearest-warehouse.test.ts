import { assert, layer } from "@effect/vitest"
import { seededRandom } from "@surety/platform/seeded-random"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import { pointText } from "../src/point-text.ts"
import { anywhere, type Point, vincenty } from "./geodesy.ts"
import { anOrder, InventoryUnderTest, reserveSet } from "./inventory-under-test.ts"

const random = seededRandom(20261121)
const SET = 64

/** Where ways of measuring go wrong: both sides of the antimeridian, the poles, the equator, opposite ends of the earth. */
const awkward: ReadonlyArray<Point> = [
  ...[180, -180, 179.9999, -179.9999].flatMap((longitude) =>
    [-60, 0, 0.0001, 52].map((latitude) => ({ latitude, longitude }))
  ),
  ...[90, -90, 89.9999, -89.9999].flatMap((latitude) =>
    [0, 90, -135, 180].map((longitude) => ({ latitude, longitude }))
  ),
  { latitude: 0, longitude: 0 },
  { latitude: -51.5, longitude: 179.87 }
]

const near = ({ latitude, longitude }: Point, degrees: number): Point => ({
  latitude: Math.max(-90, Math.min(90, latitude + (random() - 0.5) * degrees)),
  longitude: (longitude + (random() - 0.5) * degrees + 540) % 360 - 180
})

const london: Point = { latitude: 51.5, longitude: -0.13 }
const warehouses = [
  ...Array.from({ length: 300 }, () => anywhere(random)),
  ...awkward,
  ...awkward,
  ...awkward.flatMap((point) => [near(point, 1), near(point, 1)]),
  ...Array.from({ length: 300 }, () => near(london, 0.3))
].map((point) => ({
  id: randomUUID() as string,
  ...point,
  isLondon: Math.abs(point.latitude - 51.5) < 0.3 && Math.abs(point.longitude + 0.13) < 0.3
}))
type Place = (typeof warehouses)[number]

/** Products by who has them; each kind sends the search another way. */
const products = {
  everybody: () => true,
  many: () => random() < 0.3,
  few: () => random() < 0.03,
  westOnly: (w: Place) => w.longitude < -20,
  londonOnly: (w: Place) => w.isLondon
}
type Kind = keyof typeof products
const ids = Object.fromEntries(Object.keys(products).map((kind) => [kind, randomUUID()])) as Record<Kind, string>

const furnish = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    INSERT INTO inventory.warehouses (id, code, name, location)
    SELECT id, left(id::text, 13), 'test', place::geography
    FROM unnest(${warehouses.map((w) => w.id)}::uuid[], ${warehouses.map(pointText)}::text[]) AS w (id, place)`
  yield* sql`
    INSERT INTO inventory.products (id, sku, name, price_cents)
    SELECT id, id::text, 'test', 1 FROM unnest(${Object.values(ids)}::uuid[]) AS p (id)`
  for (const [kind, has] of Object.entries(products)) {
    yield* sql`
      INSERT INTO inventory.stock (product_id, warehouse_id, on_hand)
      SELECT ${ids[kind as Kind]}::uuid, id, 1000 FROM unnest(${
      warehouses.filter(has).map((w) => w.id)
    }::uuid[]) AS w (id)`
  }
  yield* sql`ANALYZE inventory.stock, inventory.warehouses`
})

/** The nearest warehouse that has every line, by measuring all of them; of equal ones the smallest id. */
const bruteForce = (point: Point, kinds: ReadonlyArray<Kind>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql<{ readonly id: string; readonly meters: number }>`
    SELECT w.id, ST_Distance(w.location, ST_SetSRID(
      ST_MakePoint(${String(point.longitude)}::float8, ${String(point.latitude)}::float8), 4326)::geography) AS meters
    FROM inventory.warehouses w
    WHERE (SELECT count(*) FROM inventory.stock s
      WHERE s.warehouse_id = w.id AND s.product_id = ANY(${kinds.map((k) => ids[k])}::uuid[])) = ${kinds.length}
    ORDER BY meters, w.id LIMIT 1`)

const points = [
  ...awkward,
  ...awkward.map((p) => near(p, 3)),
  ...Array.from({ length: 2 * SET }, () => anywhere(random))
]
const chunks = Array.from({ length: Math.ceil(points.length / SET) }, (_, i) => points.slice(i * SET, (i + 1) * SET))

const cases: ReadonlyArray<readonly [string, ReadonlyArray<Kind>]> = [
  ["that everybody has", ["everybody"]],
  ["that three in ten have", ["many"]],
  ["that few have", ["few"]],
  ["that only one side of the earth has", ["westOnly"]],
  ["that only one city's three hundred warehouses have", ["londonOnly"]],
  ["of several lines", ["many", "westOnly", "everybody"]],
  ["of lines that nearly nobody has together", ["few", "many"]]
]

layer(InventoryUnderTest.layer, { excludeTestServices: true, timeout: "120 seconds" })("routing", (it) => {
  it.effect("is furnished", () => furnish)

  for (const [name, kinds] of cases) {
    it.effect(`takes the nearest warehouse for an order ${name}, from anywhere on earth`, () =>
      Effect.gen(function*() {
        const byId = new Map(warehouses.map((w) => [w.id, w]))
        const sql = yield* SqlClient.SqlClient
        const holders = yield* sql<{ id: string }>`
          SELECT warehouse_id AS id FROM inventory.stock WHERE product_id = ANY(${kinds.map((k) => ids[k])}::uuid[])
          GROUP BY 1 HAVING count(*) = ${kinds.length}`
        assert.isNotEmpty(holders)
        for (const chunk of chunks) {
          const orders = chunk.map((location) =>
            anOrder(kinds.map((kind) => [ids[kind], 1] as const), { shipping_address: { location } })
          )
          const results = yield* reserveSet(orders)
          for (const [i, result] of results.entries()) {
            const [nearest] = yield* bruteForce(chunk[i]!, kinds)
            const where = `${JSON.stringify(chunk[i])}, ${nearest!.meters} m`
            assert.deepInclude(result, { outcome: "done", warehouse_id: nearest!.id }, where)
            const meters = vincenty(chunk[i]!, byId.get(result.warehouse_id!)!)
            if (meters === undefined) continue
            assert.approximately(meters, nearest!.meters, 0.01, where)
            for (const { id } of holders) {
              assert.isAbove(vincenty(chunk[i]!, byId.get(id)!) ?? Infinity, meters - 0.01, `${id} from ${where}`)
            }
          }
        }
      }), 120_000)
  }
})
