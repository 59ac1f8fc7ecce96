import { ProductId, WarehouseId } from "@surety/domain/ids"
import { inTransaction } from "@surety/platform/database"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const product = (n: number) => ProductId.make(`00000000-0000-7000-8000-${String(n).padStart(12, "0")}`)
const warehouse = (n: number) => WarehouseId.make(`00000000-0000-7000-8001-${String(n).padStart(12, "0")}`)

/** Products that every fresh system has, by what is special about them; their ids never change. */
export const seedProducts = {
  tea: product(1),
  coffee: product(2),
  mug: product(3),
  kettle: product(4),
  lamp: product(5),
  /** Only Sydney has it. */
  boomerang: product(6),
  /** A single one is left, in Rotterdam. */
  lastOne: product(7),
  soldOut: product(8)
} as const

export const seedWarehouses = {
  rotterdam: warehouse(1),
  newark: warehouse(2),
  reno: warehouse(3),
  saoPaulo: warehouse(4),
  nairobi: warehouse(5),
  singapore: warehouse(6),
  sydney: warehouse(7)
} as const

const products = [
  { id: seedProducts.tea, sku: "TEA-250", name: "Green tea, 250 g", price_cents: 890 },
  { id: seedProducts.coffee, sku: "COFFEE-1000", name: "Coffee beans, 1 kg", price_cents: 1890 },
  { id: seedProducts.mug, sku: "MUG-WHITE", name: "Mug, white", price_cents: 1250 },
  { id: seedProducts.kettle, sku: "KETTLE-1700", name: "Kettle, 1.7 l", price_cents: 4990 },
  { id: seedProducts.lamp, sku: "LAMP-DESK", name: "Desk lamp", price_cents: 7900 },
  { id: seedProducts.boomerang, sku: "BOOMERANG", name: "Boomerang", price_cents: 3500 },
  { id: seedProducts.lastOne, sku: "LAST-ONE", name: "The last one", price_cents: 9900 },
  { id: seedProducts.soldOut, sku: "SOLD-OUT", name: "Sold out", price_cents: 1500 }
]

/** The first is the default one, unless the database has one already. */
const warehouses = [
  { id: seedWarehouses.rotterdam, code: "RTM", name: "Rotterdam", latitude: 51.9244, longitude: 4.4777 },
  { id: seedWarehouses.newark, code: "EWR", name: "Newark", latitude: 40.7357, longitude: -74.1724 },
  { id: seedWarehouses.reno, code: "RNO", name: "Reno", latitude: 39.5296, longitude: -119.8138 },
  { id: seedWarehouses.saoPaulo, code: "GRU", name: "São Paulo", latitude: -23.5505, longitude: -46.6333 },
  { id: seedWarehouses.nairobi, code: "NBO", name: "Nairobi", latitude: -1.2921, longitude: 36.8219 },
  { id: seedWarehouses.singapore, code: "SIN", name: "Singapore", latitude: 1.3521, longitude: 103.8198 },
  { id: seedWarehouses.sydney, code: "SYD", name: "Sydney", latitude: -33.8688, longitude: 151.2093 }
]

const everywhere = warehouses.map(({ id }) => id)
const { newark, reno, rotterdam, singapore, sydney } = seedWarehouses
const opening: ReadonlyArray<readonly [ProductId, ReadonlyArray<WarehouseId>, units: number]> = [
  [seedProducts.tea, everywhere, 1000],
  [seedProducts.coffee, everywhere, 1000],
  [seedProducts.mug, [rotterdam, newark, reno, singapore], 500],
  [seedProducts.kettle, [rotterdam, newark, sydney], 200],
  [seedProducts.lamp, [newark, singapore], 200],
  [seedProducts.boomerang, [sydney], 50],
  [seedProducts.lastOne, [rotterdam], 1],
  [seedProducts.soldOut, [rotterdam], 0]
]

/** Each opening balance is an adjustment with an id of its own, made of the ends of its product's and its warehouse's. */
const adjustments = opening.flatMap(([product_id, places, quantity]) =>
  places.map((warehouse_id) => ({
    id: `00000000-0000-7000-8002-${product_id.slice(-6)}${warehouse_id.slice(-6)}`,
    key: `opening-balance-${warehouse_id.slice(-6)}`,
    product_id,
    warehouse_id,
    quantity
  }))
)

/**
 * A small catalogue, warehouses on six continents and opening stock, so that a fresh system can take orders. Adds what is
 * not there and changes nothing that is; running it twice is running it once. Fails with SqlError.
 */
export const seedCatalogue = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    INSERT INTO inventory.products (id, sku, name, price_cents)
    SELECT * FROM jsonb_to_recordset(${JSON.stringify(products)}::text::jsonb)
      AS p (id uuid, sku text, name text, price_cents bigint)
    ON CONFLICT DO NOTHING`
  yield* sql`
    INSERT INTO inventory.warehouses (id, code, name, location, is_default)
    SELECT id, code, name, ST_SetSRID(ST_MakePoint(longitude, latitude), 4326)::geography,
      code = ${warehouses[0]!.code} AND NOT EXISTS (SELECT FROM inventory.warehouses WHERE is_default)
    FROM jsonb_to_recordset(${JSON.stringify(warehouses)}::text::jsonb)
      AS w (id uuid, code text, name text, latitude float8, longitude float8)
    ON CONFLICT DO NOTHING`
  yield* sql`
    WITH given AS (
      SELECT a.* FROM jsonb_to_recordset(${JSON.stringify(adjustments)}::text::jsonb)
        AS a (id uuid, key text, product_id uuid, warehouse_id uuid, quantity int)
      JOIN inventory.products p ON p.id = a.product_id JOIN inventory.warehouses w ON w.id = a.warehouse_id
    ), made AS (
      INSERT INTO inventory.adjustments (
        id, idempotency_key, product_id, warehouse_id, request_hash, quantity, reason, on_hand_after, reserved_after)
      SELECT id, key, product_id, warehouse_id, sha256(convert_to(id::text, 'UTF8')), quantity, 'Opening balance',
        quantity, 0
      FROM given ON CONFLICT DO NOTHING RETURNING *
    ), moved AS (
      INSERT INTO inventory.movements (cause_id, line, kind, product_id, warehouse_id, on_hand_delta)
      SELECT id, 0, 'adjust', product_id, warehouse_id, quantity FROM made WHERE quantity <> 0
    )
    INSERT INTO inventory.stock (product_id, warehouse_id, on_hand)
    SELECT product_id, warehouse_id, quantity FROM made ORDER BY product_id, warehouse_id
    ON CONFLICT (product_id, warehouse_id) DO UPDATE SET on_hand = stock.on_hand + excluded.on_hand`
}).pipe(inTransaction, Effect.withSpan("seedCatalogue"))
