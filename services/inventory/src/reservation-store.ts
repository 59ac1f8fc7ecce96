import type { Allocation } from "@surety/contracts/inventory-api"
import type { OrderId, WarehouseId } from "@surety/domain/ids"
import type { RefusalReason, ReservationStatus } from "@surety/domain/stock"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { StoredDecision } from "./routing-decision.ts"
import { sumByRow } from "./shelf.ts"

/** Where an order's reservation stands. A hold whose time is up counts as released, whether or not that is written yet. */
export interface Standing {
  readonly order_id: OrderId
  readonly status: ReservationStatus
  readonly expired: boolean
  readonly warehouse_id: WarehouseId | null
  readonly reason: RefusalReason | null
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
  /** The one warehouse it is held in, if it is one. */
  readonly warehouse_id: WarehouseId | null
  readonly reason: RefusalReason | null
  readonly hold_seconds: number | null
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
    const standing = sql.literal("r.order_id, r.status, r.warehouse_id, r.reason")

    /**
     * From here to the end of the transaction nobody else decides about these orders. Such a lock writes nothing, and
     * unlike a row it can be had before there is anything to lock: a release that overtakes its reservation.
     */
    const lockOrders = Effect.fn("lockOrders")((ids: ReadonlyArray<OrderId>) => {
      const keys = ids.map(lockKeyOf).toSorted(ascending)
      return sql`SELECT count(pg_advisory_xact_lock(key)) FROM unnest(${keys}::bigint[]) AS k (key)`
    })

    const standings = Effect.fn("readStandings")((ids: ReadonlyArray<OrderId>) =>
      sql<Standing>`
        SELECT ${standing}, ${expired} FROM inventory.reservations r WHERE r.order_id = ANY(${ids}::uuid[])`
    )

    /** Orders whose holds have run out, longest ago first. */
    const expiredOrders = Effect.fn("expiredOrders")((limit: number) =>
      sql<{ readonly order_id: OrderId }>`
        SELECT order_id FROM inventory.reservations
        WHERE expires_at <= now() ORDER BY expires_at LIMIT ${limit}::int`.pipe(
        Effect.map((rows) => rows.map((row) => row.order_id))
      )
    )

    /**
     * Writes what was decided for a set: reservations, movements, and each stock row once; those are locked. The rows come
     * as arrays, whose length the planner sees: it must not take a few rows for many and read the whole table.
     */
    const insert = Effect.fn("insertReservations")((reservations: ReadonlyArray<NewReservation>) => {
      const rows = sumByRow(reservations.flatMap(({ allocations }) => allocations))
      return sql`
        WITH decided AS (
          SELECT * FROM jsonb_to_recordset(${JSON.stringify(reservations)}::text::jsonb)
            AS d (order_id uuid, decision jsonb, allocations jsonb, warehouse_id uuid, reason text, hold_seconds int)
        ), reserved AS (
          INSERT INTO inventory.reservations (order_id, decision, warehouse_id, reason, expires_at, status)
          SELECT order_id, decision, warehouse_id, reason, now() + hold_seconds * interval '1 second',
            CASE WHEN reason IS NULL THEN 'HELD' ELSE 'REFUSED' END
          FROM decided
        ), moved AS (
          INSERT INTO inventory.movements
            (cause_id, kind, line, product_id, warehouse_id, on_hand_delta, reserved_delta)
          SELECT d.order_id, 'hold', a.place - 1, a.product_id, a.warehouse_id, 0, a.quantity
          FROM decided d CROSS JOIN ROWS FROM (
            jsonb_to_recordset(d.allocations) AS (product_id uuid, warehouse_id uuid, quantity int)
          ) WITH ORDINALITY AS a (product_id, warehouse_id, quantity, place)
        )
        UPDATE inventory.stock s SET reserved = s.reserved + h.units
        FROM unnest(
          ${rows.map((row) => row.product_id)}::uuid[], ${rows.map((row) => row.warehouse_id)}::uuid[],
          ${rows.map((row) => row.quantity)}::int[]
        ) AS h (product_id, warehouse_id, units)
        WHERE s.product_id = h.product_id AND s.warehouse_id = h.warehouse_id`
    })

    /**
     * HELD becomes COMMITTED (the units leave both counters) or RELEASED (they are free again); other rows stay as they
     * are, and with `onlyExpired` so do holds that still run. Answers how each order stood before.
     */
    const settle = Effect.fn("settleReservations")(
      (ids: ReadonlyArray<OrderId>, status: "COMMITTED" | "RELEASED", onlyExpired = false) =>
        sql<Settled>`
        WITH settled AS (
          UPDATE inventory.reservations SET status = ${status}, expires_at = NULL, updated_at = now()
          WHERE order_id = ANY(${ids}::uuid[]) AND status = 'HELD' AND (NOT ${onlyExpired} OR expires_at <= now())
          RETURNING order_id
        ), held AS MATERIALIZED (
          SELECT m.* FROM settled JOIN inventory.movements m ON m.cause_id = settled.order_id AND m.kind = 'hold'
        ), locked AS MATERIALIZED (
          SELECT s.product_id, s.warehouse_id, h.units
          FROM (SELECT product_id, warehouse_id, sum(reserved_delta)::int AS units FROM held GROUP BY 1, 2) h
          JOIN inventory.stock s ON s.product_id = h.product_id AND s.warehouse_id = h.warehouse_id
          ORDER BY s.product_id, s.warehouse_id FOR UPDATE OF s
        ), counted AS (
          UPDATE inventory.stock s SET
            on_hand = s.on_hand - CASE ${status} WHEN 'COMMITTED' THEN l.units ELSE 0 END,
            reserved = s.reserved - l.units
          FROM locked l WHERE s.product_id = l.product_id AND s.warehouse_id = l.warehouse_id
        ), moved AS (
          INSERT INTO inventory.movements
            (cause_id, kind, line, product_id, warehouse_id, on_hand_delta, reserved_delta)
          SELECT cause_id, CASE ${status} WHEN 'COMMITTED' THEN 'commit' ELSE 'release' END, line, product_id,
            warehouse_id, CASE ${status} WHEN 'COMMITTED' THEN -reserved_delta ELSE 0 END, -reserved_delta
          FROM held
        )
        SELECT asked.order_id, r.status, r.warehouse_id, r.reason, ${expired}, settled.order_id IS NOT NULL AS settled
        FROM unnest(${ids}::uuid[]) AS asked (order_id)
        LEFT JOIN inventory.reservations r USING (order_id) LEFT JOIN settled USING (order_id)`
    )

    /** RELEASED rows for orders never heard of, so that a reservation that comes late is refused. */
    const entomb = Effect.fn("entombOrders")((ids: ReadonlyArray<OrderId>) =>
      sql`
        INSERT INTO inventory.reservations (order_id, status)
        SELECT order_id, 'RELEASED' FROM unnest(${ids}::uuid[]) AS o (order_id)`
    )

    /** One reservation in full; what it holds is read from its movements, and nothing is held by one that is over. */
    const read = Effect.fn("readReservation")((id: OrderId) =>
      sql<StoredReservation>`
        SELECT ${standing}, ${expired}, r.decision,
          to_json(r.expires_at) #>> '{}' AS expires_at, to_json(r.created_at) #>> '{}' AS created_at,
          coalesce((
            SELECT jsonb_agg(
              jsonb_build_object(
                'product_id', m.product_id, 'warehouse_id', m.warehouse_id, 'quantity', m.reserved_delta
              ) ORDER BY m.line)
            FROM inventory.movements m
            WHERE m.cause_id = r.order_id AND m.kind = 'hold' AND r.status IN ('HELD', 'COMMITTED')
          ), '[]') AS allocations,
          coalesce((
            SELECT jsonb_object_agg(w.code, w.id) FROM inventory.warehouses w
            WHERE w.id = r.warehouse_id
              OR w.code IN (SELECT seen ->> 0 FROM jsonb_array_elements(r.decision -> 'seen') seen)
          ), '{}') AS warehouse_ids
        FROM inventory.reservations r WHERE r.order_id = ${id}::uuid`.pipe(Effect.map((rows) => rows[0]))
    )

    return { lockOrders, standings, expiredOrders, insert, settle, entomb, read } as const
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}
