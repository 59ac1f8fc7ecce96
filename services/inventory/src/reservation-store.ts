import type { Allocation } from "@surety/contracts/inventory-api"
import type { OrderId, WarehouseId } from "@surety/domain/ids"
import type { RefusalReason, ReservationStatus } from "@surety/domain/stock"
import { Context, Effect, Layer } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { onlyWarehouseOf, packLines, unpackLines } from "./packed-lines.ts"
import type { StoredDecision } from "./routing-decision.ts"

/** Where an order's reservation stands. A hold whose time is up counts as released, whether or not that is written yet. */
export interface Standing {
  readonly order_id: OrderId
  readonly status: ReservationStatus
  readonly expired: boolean
  readonly warehouse_id: WarehouseId | null
  readonly reason: RefusalReason | null
  /** Of one that has been decided just now. */
  readonly decision?: StoredDecision
}

/** A standing before a change of it was tried, and whether it was changed; no status: never heard of. */
export type Settled = Omit<Standing, "status"> & {
  readonly status: ReservationStatus | null
  readonly settled: boolean
}

export interface StoredReservation extends Standing {
  readonly decision: StoredDecision
  readonly allocations: ReadonlyArray<Allocation>
  /** Of the warehouses that the decision names, by code. */
  readonly warehouse_ids: Readonly<Record<string, WarehouseId>>
  readonly expires_at: string | null
  readonly created_at: string
}

/** A new reservation: HELD with allocations, or REFUSED with a reason. */
export interface NewReservation {
  readonly order_id: OrderId
  readonly decision: StoredDecision
  readonly allocations: ReadonlyArray<Allocation>
  readonly reason: RefusalReason | null
  readonly hold_seconds: number | null
}

/** A row as it is read: its warehouse follows from its lines. */
type Row<A extends { readonly warehouse_id: unknown }> = Omit<A, "warehouse_id"> & { readonly lines: Uint8Array }

const withWarehouse = <A extends { readonly lines: Uint8Array }>({ lines, ...row }: A) => ({
  ...row,
  warehouse_id: onlyWarehouseOf(unpackLines(lines))
})

const neverHeardOf = (order_id: OrderId): Settled => ({
  order_id,
  status: null,
  expired: false,
  warehouse_id: null,
  reason: null,
  settled: false
})

/** Whether a write was refused because it would have promised more of a product than a warehouse has. */
export const isOversold = (error: unknown): error is SqlError.SqlError => {
  if (!SqlError.isSqlError(error) || error.reason._tag !== "ConstraintError") return false
  const cause: unknown = error.reason.cause
  return cause instanceof Error && "constraint" in cause && cause.constraint === "stock_never_oversold"
}

/** The lock of an order, whether it has a row yet or not: the last eight bytes of its id, which in a UUIDv7 are random. */
const lockKeyOf = (id: OrderId) => BigInt.asIntN(64, BigInt(`0x${id.slice(19).replace("-", "")}`))
const ascending = (a: bigint, b: bigint) => a < b ? -1 : a > b ? 1 : 0

/**
 * What can happen to reservations, and with them to stock and its movements. All of it runs in transactions that begin
 * with `lockOrders`. Locks are taken in one order everywhere, orders first and stock rows after them, each in the order
 * of their keys, so that no two transactions ever wait for one another. Failures stay visible here, since a transaction
 * is repeated when it waited too long; the use cases turn what is left of them into defects.
 */
export class ReservationStore extends Context.Service<ReservationStore>()("surety/inventory/ReservationStore", {
  make: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const expired = sql.literal("coalesce(r.status = 'HELD' AND r.expires_at <= now(), false) AS expired")
    const standing = sql.literal("r.order_id, r.status, r.reason, r.lines")

    /**
     * From here to the end of the transaction nobody else decides about these orders. Such a lock writes nothing, and
     * unlike a row it can be had before there is anything to lock: a release that overtakes its reservation.
     */
    const lockOrders = Effect.fn("lockOrders")((ids: ReadonlyArray<OrderId>) => {
      const keys = ids.map(lockKeyOf).toSorted(ascending)
      return sql`SELECT count(pg_advisory_xact_lock(key)) FROM unnest(${keys}::bigint[]) AS k (key)`
    })

    const standings = Effect.fn("readStandings")((ids: ReadonlyArray<OrderId>) =>
      sql<Row<Standing>>`
        SELECT ${standing}, ${expired} FROM inventory.reservations r WHERE r.order_id = ANY(${ids}::uuid[])`.pipe(
        Effect.map((rows): ReadonlyArray<Standing> => rows.map(withWarehouse))
      )
    )

    /** Orders whose holds have run out, longest ago first. */
    const expiredOrders = Effect.fn("expiredOrders")((limit: number) =>
      sql<{ readonly order_id: OrderId }>`
        SELECT order_id FROM inventory.reservations
        WHERE expires_at <= now() ORDER BY expires_at LIMIT ${limit}::int`.pipe(
        Effect.map((rows) => rows.map((row) => row.order_id))
      )
    )

    /** Writes what was decided for a set. Refused as a whole (isOversold) when a stock row has too little by now. */
    const insert = Effect.fn("insertReservations")((reservations: ReadonlyArray<NewReservation>) => {
      const rows = reservations.map(({ allocations, ...row }) => ({ ...row, lines: packLines(allocations) }))
      return sql`
        WITH reserved AS (
          INSERT INTO inventory.reservations (order_id, lines, decision, reason, expires_at, status)
          SELECT order_id, lines, decision, reason, now() + hold_seconds * interval '1 second',
            CASE WHEN reason IS NULL THEN 'HELD' ELSE 'REFUSED' END
          FROM json_to_recordset(${JSON.stringify(rows)}::text::json)
            AS d (order_id uuid, lines bytea, decision json, reason text, hold_seconds int)
          ORDER BY order_id
          RETURNING lines
        )
        SELECT inventory.change_stock(array_agg(lines), 0, 1) FROM reserved`
    })

    /**
     * HELD becomes COMMITTED (the units leave both counters) or RELEASED (they are free again); other rows stay as they
     * are, and with `onlyExpired` so do holds that still run. Answers how each order stood before.
     */
    const settle = Effect.fn("settleReservations")(
      (ids: ReadonlyArray<OrderId>, status: "COMMITTED" | "RELEASED", onlyExpired = false) =>
        sql<Row<Settled>>`
        WITH settled AS (
          UPDATE inventory.reservations r SET status = ${status}, expires_at = NULL,
            released_at = CASE ${status} WHEN 'RELEASED' THEN now() END
          WHERE r.order_id = ANY(${ids}::uuid[]) AND r.status = 'HELD' AND (NOT ${onlyExpired} OR r.expires_at <= now())
          RETURNING r.order_id, r.lines
        ), moved AS (
          INSERT INTO inventory.movements (cause_id, line, kind, product_id, warehouse_id, on_hand_delta)
          SELECT settled.order_id, l.line, 'commit', l.product_id, l.warehouse_id, -l.quantity
          FROM settled, inventory.lines_of(settled.lines) l WHERE ${status} = 'COMMITTED'
          ORDER BY 1, 2
        ), counted AS MATERIALIZED (
          SELECT inventory.change_stock(array_agg(lines), CASE ${status} WHEN 'COMMITTED' THEN -1 ELSE 0 END, -1)
          FROM settled
        )
        SELECT ${standing}, ${expired}, r.order_id IN (SELECT order_id FROM settled) AS settled
        FROM inventory.reservations r, counted WHERE r.order_id = ANY(${ids}::uuid[])`.pipe(
          Effect.map((rows): ReadonlyArray<Settled> => {
            const known = new Map(rows.map((row) => [row.order_id, withWarehouse(row)]))
            return ids.map((id) => known.get(id) ?? neverHeardOf(id))
          })
        )
    )

    /** RELEASED rows for orders never heard of, so that a reservation that comes late is refused. */
    const entomb = Effect.fn("entombOrders")((ids: ReadonlyArray<OrderId>) =>
      sql`
        INSERT INTO inventory.reservations (order_id, released_at, status)
        SELECT order_id, now(), 'RELEASED' FROM unnest(${ids}::uuid[]) AS o (order_id)`
    )

    /** One reservation in full; nothing is held by one that is over. */
    const read = Effect.fn("readReservation")((id: OrderId) =>
      sql<Omit<Row<StoredReservation>, "allocations">>`
        SELECT ${standing}, ${expired}, r.decision,
          to_json(r.expires_at) #>> '{}' AS expires_at, to_json(r.created_at) #>> '{}' AS created_at,
          coalesce((
            SELECT jsonb_object_agg(w.code, w.id) FROM inventory.warehouses w
            WHERE w.id IN (SELECT warehouse_id FROM inventory.lines_of(r.lines))
              OR w.code IN (SELECT seen ->> 0 FROM json_array_elements(r.decision -> 'seen') seen)
          ), '{}') AS warehouse_ids
        FROM inventory.reservations r WHERE r.order_id = ${id}::uuid`.pipe(
        Effect.map(([row]): StoredReservation | undefined =>
          row && {
            ...withWarehouse(row),
            allocations: row.status === "HELD" || row.status === "COMMITTED" ? unpackLines(row.lines) : []
          }
        )
      )
    )

    return { lockOrders, standings, expiredOrders, insert, settle, entomb, read } as const
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}
