import type { OrderId, ProductId, WarehouseId } from "@surety/domain/ids"
import type { Location, OrderItem } from "@surety/domain/order"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { pointText } from "./point-text.ts"

/** An order that looks for warehouses: what it needs (a product once), and where to; null is the default warehouse. */
export interface Wanted {
  readonly order_id: OrderId
  readonly items: ReadonlyArray<OrderItem>
  readonly point: Location | null
}

/** A warehouse as it was read, without locks. `available` stands line by line; NOT_STOCKED says there is no row. */
export interface Candidate {
  readonly warehouse_id: WarehouseId
  readonly code: string
  /** Geodesic, on the WGS 84 ellipsoid. */
  readonly meters: number
  readonly available: ReadonlyArray<number>
}
export const NOT_STOCKED = -1

/** Candidates of one order, nearest first; those of equal distance by id, and the default warehouse before all if asked. */
export interface Found {
  readonly candidates: ReadonlyArray<Candidate>
  /** Whatever was not returned is farther than this. */
  readonly horizon_meters: number
  /** Whether that is all there are. */
  readonly complete: boolean
}

interface Row extends Candidate {
  readonly order_id: OrderId
  readonly sphere_meters: number | null
}

/** How many of the nearest warehouses are looked at first, whatever they have. */
export const NEAREST_MAX = 8
/** How many holders of each line are considered when an order has to be split. */
export const HOLDERS_MAX = 32
/** With fewer holders than this of the scarcest line it is cheaper to start from them than to walk outwards. */
const FEW_HOLDERS = 200
const ALL_HOLDERS = 2_147_483_647

/**
 * The index orders by distance on a sphere of the mean radius, where an ellipsoid's radii of curvature are 0.9944 to
 * 1.0045 times as long. So what the index has not returned yet is at least this much of the last distance away.
 */
const ELLIPSOID_PER_SPHERE_MIN = 0.994

const asJson = (orders: ReadonlyArray<Wanted>) =>
  JSON.stringify(orders.map(({ items, order_id, point }) => ({
    order_id,
    point: point && pointText(point),
    products: items.map((item) => item.product_id),
    quantities: items.map((item) => item.quantity)
  })))

/** Rows by order, cut where the index's order says nothing about the true one; `limit` rows may have more behind them. */
const foundIn = (orders: ReadonlyArray<Wanted>, rows: ReadonlyArray<Row>, limit: number) => {
  const byOrder = new Map<OrderId, Array<Row>>(orders.map((order) => [order.order_id, []]))
  for (const row of rows) byOrder.get(row.order_id)!.push(row)
  return new Map(Array.from(byOrder, ([id, candidates]): [OrderId, Found] => {
    const walked = candidates.flatMap((row) => row.sphere_meters ?? [])
    const horizon_meters = walked.length < limit ? Infinity : Math.max(...walked) * ELLIPSOID_PER_SPHERE_MIN
    return [id, { candidates, horizon_meters, complete: candidates.length < limit }]
  }))
}

/** The places that orders go to, and for each what all of them want there, as if it were one order. */
const placesOf = (orders: ReadonlyArray<Wanted>) =>
  Array.from(Map.groupBy(orders, ({ point }) => point && pointText(point)).values(), (orders) => {
    const items = new Map(orders.flatMap((order) => order.items.map((item) => [item.product_id, item] as const)))
    return { orders, wanted: { ...orders[0]!, items: [...items.values()] } }
  })

/** What was found for all that is wanted at an order's place, for the lines of that order. */
const foundFor = ({ items }: Wanted, there: Wanted, found: Found): Found => {
  const columns = new Map(there.items.map(({ product_id }, column) => [product_id, column]))
  const lines = items.map(({ product_id }) => columns.get(product_id)!)
  const candidates = found.candidates.map((candidate) => ({
    ...candidate,
    available: lines.map((column) => candidate.available[column]!)
  }))
  return { ...found, candidates }
}

/**
 * Where orders could be served from, a set in one statement. Reads only, and locks nothing: what it says is checked
 * again under the lock. The figures in the comments are for 2,000 warehouses and 4.7 million stock rows.
 */
export class RoutingStore extends Context.Service<RoutingStore>()("surety/inventory/RoutingStore", {
  make: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    const asked = (orders: ReadonlyArray<Wanted>) =>
      sql`asked AS MATERIALIZED (
        SELECT o.order_id, o.products, o.quantities, d.id AS first_id, coalesce(o.point::geography, d.location) AS point
        FROM jsonb_to_recordset(${asJson(orders)}::text::jsonb)
          AS o (order_id uuid, point text, products uuid[], quantities int[])
        LEFT JOIN inventory.warehouses d ON o.point IS NULL AND d.is_default
      )`

    // Scalar subqueries rather than joins: each is planned as the one index probe it is, whatever the planner believes
    // about the number of lines.
    const left = (warehouse: string) =>
      `(SELECT s.on_hand - s.reserved FROM inventory.stock s
        WHERE s.product_id = l.product_id AND s.warehouse_id = ${warehouse})`

    const available = sql.literal(
      `ARRAY(SELECT coalesce(${
        left("near.id")
      }, ${NOT_STOCKED}) FROM unnest(o.products) AS l (product_id)) AS available`
    )

    const hasEveryLine = sql.literal(`NOT EXISTS (
        SELECT FROM unnest(o.products, o.quantities) AS l (product_id, quantity)
        WHERE (${left("w.id")} >= l.quantity) IS NOT TRUE
      )`)

    const nearestFirst = sql.literal("near.id IS NOT DISTINCT FROM o.first_id DESC, near.meters, near.id")

    const around = (places: ReadonlyArray<Wanted>) =>
      sql<Row>`
        WITH ${asked(places)}
        SELECT o.order_id, near.id AS warehouse_id, near.code, near.meters, near.sphere AS sphere_meters, ${available}
        FROM asked o CROSS JOIN LATERAL (
          SELECT w.id, w.code, w.location <-> o.point AS sphere, ST_Distance(w.location, o.point) AS meters
          FROM inventory.warehouses w ORDER BY w.location <-> o.point LIMIT ${sql.literal(String(NEAREST_MAX))}
        ) near
        ORDER BY ${nearestFirst}`.pipe(Effect.map((rows) => foundIn(places, rows, NEAREST_MAX)))

    /**
     * The nearest warehouses of each order, whatever they have: 0.3 ms a place, and mostly the end of the search. Many
     * orders of a set go to the same cities, so each place is looked at once, for all that is wanted there.
     */
    const nearest = Effect.fn("nearestWarehouses")(function*(orders: ReadonlyArray<Wanted>) {
      const places = placesOf(orders)
      const found = yield* around(places.map(({ wanted }) => wanted))
      return new Map(places.flatMap(({ orders, wanted }) => {
        const there = found.get(wanted.order_id)!
        return orders.map((order) => [order.order_id, foundFor(order, wanted, there)] as const)
      }))
    })

    /**
     * The nearest warehouses that have every line: from the holders of the scarcest line if they are few (0.1 to 1.1 ms
     * an order), else outwards from the destination until there are enough (0.9 to 2.3 ms).
     */
    const suitable = (orders: ReadonlyArray<Wanted>, limit: number, few: number) =>
      sql<Row>`
        WITH ${asked(orders)}
        SELECT o.order_id, near.id AS warehouse_id, near.code, near.meters, near.sphere AS sphere_meters, ${available}
        FROM asked o
        CROSS JOIN LATERAL (
          SELECT l.product_id, l.quantity, few.holders
          FROM unnest(o.products, o.quantities) AS l (product_id, quantity)
          CROSS JOIN LATERAL (SELECT count(*) AS holders FROM (
            SELECT FROM inventory.stock s
            WHERE s.product_id = l.product_id AND s.on_hand - s.reserved >= l.quantity LIMIT ${few}::int
          ) counted) few
          ORDER BY few.holders, l.product_id LIMIT 1
        ) scarcest
        CROSS JOIN LATERAL (
          SELECT found.id, found.code, found.sphere, ST_Distance(found.location, o.point) AS meters
          FROM (
            SELECT w.id, w.code, w.location, NULL::float8 AS sphere
            FROM inventory.stock s JOIN inventory.warehouses w ON w.id = s.warehouse_id
            WHERE scarcest.holders < ${few}::int AND s.product_id = scarcest.product_id
              AND s.on_hand - s.reserved >= scarcest.quantity AND ${hasEveryLine}
            UNION ALL (
              SELECT w.id, w.code, w.location, w.location <-> o.point
              FROM inventory.warehouses w
              WHERE scarcest.holders >= ${few}::int AND ${hasEveryLine}
              ORDER BY w.location <-> o.point LIMIT ${limit}::int
            )
          ) found
          ORDER BY found.id IS NOT DISTINCT FROM o.first_id DESC, meters, found.id
          LIMIT ${limit}::int
        ) near
        ORDER BY ${nearestFirst}`.pipe(Effect.map((rows) => foundIn(orders, rows, limit)))

    /** As above; those for whom the walk ended among warehouses too close to tell apart are measured one by one. */
    const anywhere = Effect.fn("suitableWarehouses")(function*(orders: ReadonlyArray<Wanted>, limit: number) {
      const found = yield* suitable(orders, limit, FEW_HOLDERS)
      const undecided = orders.filter(({ order_id }) => {
        const { candidates, horizon_meters } = found.get(order_id)!
        return candidates.length > 0 && candidates[0]!.meters >= horizon_meters
      })
      if (undecided.length === 0) return found
      return new Map([...found, ...(yield* suitable(undecided, limit, ALL_HOLDERS))])
    })

    /** For each order the warehouses that could give the most of one of its lines. */
    const holders = Effect.fn("holdersOfLines")((orders: ReadonlyArray<Wanted>) =>
      sql<Row>`
        WITH ${asked(orders)}
        SELECT o.order_id, near.id AS warehouse_id, near.code, near.meters, NULL::float8 AS sphere_meters, ${available}
        FROM asked o CROSS JOIN LATERAL (
          SELECT DISTINCT held.id, held.code, held.meters
          FROM unnest(o.products, o.quantities) AS l (product_id, quantity)
          CROSS JOIN LATERAL (
            SELECT w.id, w.code, ST_Distance(w.location, o.point) AS meters
            FROM inventory.stock s JOIN inventory.warehouses w ON w.id = s.warehouse_id
            WHERE s.product_id = l.product_id AND s.on_hand > s.reserved
            ORDER BY least(s.on_hand - s.reserved, l.quantity) DESC, meters, w.id
            LIMIT ${sql.literal(String(HOLDERS_MAX))}
          ) held
        ) near
        ORDER BY ${nearestFirst}`.pipe(Effect.map((rows) => foundIn(orders, rows, Infinity)))
    )

    /** Units of each product that can be taken, all warehouses together. */
    const totals = Effect.fn("totalStock")((products: ReadonlyArray<ProductId>) =>
      sql<{ readonly product_id: ProductId; readonly units: number }>`
        SELECT product_id, sum(on_hand - reserved)::float8 AS units FROM inventory.stock
        WHERE product_id = ANY(${products}::uuid[]) GROUP BY product_id`.pipe(
        Effect.map((rows): ReadonlyMap<ProductId, number> => new Map(rows.map((row) => [row.product_id, row.units])))
      )
    )

    return { nearest, anywhere, holders, totals } as const
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}
