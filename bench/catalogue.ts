import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const PRODUCTS = 1000
/** More than any run can sell, and far from the limit of an integer. */
const AMPLE_UNITS = 1_000_000
const FLASH_UNITS = 500

const product = (n: number) => `00000000-0000-7000-9000-${String(n).padStart(12, "0")}`

/** The products that workloads order, by what is special about them. */
export const catalogue = {
  /** In every warehouse, more than enough. */
  uniform: Array.from({ length: PRODUCTS }, (_, n) => product(n + 1)),
  /** In the default warehouse only, so that every order wants the same row. */
  hot: product(100_001),
  soldOut: product(100_002),
  flashSale: product(100_003)
} as const

export const flashSaleUnits = FLASH_UNITS

/** Ten warehouses, and the towns next to them that orders go to. */
const places = [
  ["RTM", 51.9244, 4.4777, "Rotterdam", "3011", "NL"],
  ["EWR", 40.7357, -74.1724, "Newark", "07102", "US"],
  ["RNO", 39.5296, -119.8138, "Reno", "89501", "US"],
  ["GRU", -23.5505, -46.6333, "São Paulo", "01310", "BR"],
  ["NBO", -1.2921, 36.8219, "Nairobi", "00100", "KE"],
  ["SIN", 1.3521, 103.8198, "Singapore", "018956", "SG"],
  ["SYD", -33.8688, 151.2093, "Sydney", "2000", "AU"],
  ["BER", 52.52, 13.405, "Berlin", "10117", "DE"],
  ["MAD", 40.4168, -3.7038, "Madrid", "28013", "ES"],
  ["DFW", 32.7767, -96.797, "Dallas", "75201", "US"]
] as const

export const addresses = places.map(([, , , city, postal_code, country]) => ({ city, postal_code, country }))

/** Where those towns are. */
export const coordinates = places.map(([, latitude, longitude]) => ({ latitude, longitude }))

/** Writes the catalogue, the warehouses and their opening stock, with the movements that explain it. */
export const fillCatalogue = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const warehouses = places.map(([code, latitude, longitude], i) => ({ code, latitude, longitude, first: i === 0 }))
  yield* sql`
    INSERT INTO inventory.warehouses (id, code, name, location, is_default)
    SELECT gen_random_uuid(), code, code, ST_SetSRID(ST_MakePoint(longitude, latitude), 4326)::geography, first
    FROM jsonb_to_recordset(${JSON.stringify(warehouses)}::text::jsonb)
      AS w (code text, latitude float8, longitude float8, first boolean)`
  const { flashSale, hot, soldOut, uniform } = catalogue
  const stocked = [
    { ids: uniform, units: AMPLE_UNITS, everywhere: true },
    { ids: [hot], units: AMPLE_UNITS, everywhere: false },
    { ids: [soldOut], units: 0, everywhere: true },
    { ids: [flashSale], units: FLASH_UNITS, everywhere: false }
  ]
  for (const { everywhere, ids, units } of stocked) {
    yield* sql`
      INSERT INTO inventory.products (id, sku, name, price_cents)
      SELECT id, 'BENCH-' || right(id::text, 6), 'Product ' || right(id::text, 6), 1000 + n
      FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS p (id, n)`
    yield* sql`
      WITH opening AS (
        SELECT p.id AS product_id, w.id AS warehouse_id
        FROM unnest(${ids}::uuid[]) AS p (id), inventory.warehouses w WHERE w.is_default OR ${everywhere}::boolean
      ), moved AS (
        INSERT INTO inventory.movements
          (cause_id, kind, line, product_id, warehouse_id, on_hand_delta)
        SELECT gen_random_uuid(), 'adjust', 0, product_id, warehouse_id, ${units}::int
        FROM opening WHERE ${units}::int > 0
      )
      INSERT INTO inventory.stock (product_id, warehouse_id, on_hand)
      SELECT product_id, warehouse_id, ${units}::int FROM opening ORDER BY product_id, warehouse_id`
  }
  // Only these: a table that was empty when it was vacuumed is planned for as if it stayed empty.
  yield* sql`VACUUM ANALYZE inventory.products, inventory.warehouses, inventory.stock, inventory.movements`
}).pipe(Effect.withSpan("fillCatalogue"))
