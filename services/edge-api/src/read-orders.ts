import type { OrderSummary, OrderView } from "@surety/contracts/edge-api"
import { OrderNotFound } from "@surety/contracts/problems"
import { LAST_ID, type OrderId } from "@surety/domain/ids"
import type { OrderStatus } from "@surety/domain/order-status"
import { type RowOf, withoutNulls } from "@surety/platform/rows"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"

type ViewRow = RowOf<Omit<OrderView, "items">> & {
  readonly items: ReadonlyArray<Omit<OrderView["items"][number], "total_cents">>
}

export interface OrderFilter {
  readonly user_id: string | undefined
  readonly status: OrderStatus | undefined
  readonly before: string | undefined
  readonly limit: number
}

/** The ledger as customers see it. */
export class OrderReader extends Context.Service<OrderReader>()("surety/edge-api/OrderReader", {
  make: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const summary = sql`
      id AS order_ledger_id, user_id, e.status, total_cents::float8 AS total_cents, currency, e.reason, warehouse_id,
      to_json(created_at) #>> '{}' AS created_at, to_json(updated_at) #>> '{}' AS updated_at`

    const byId = Effect.fn("readOrder")(function*(id: OrderId) {
      const [row] = yield* sql<ViewRow>`
        SELECT ${summary}, email, items, shipping_address,
          encode(substring(trace_context FROM 1 FOR 16), 'hex') AS trace_id, (
          SELECT json_agg(json_strip_nulls(json_build_object('status', reached, 'at', at, 'reason', why)) ORDER BY place)
          FROM (VALUES
            (1, 'AWAITING_AUTHORIZATION', created_at, NULL),
            (2, 'AUTHORIZED', authorized_at, NULL),
            (3, 'ORDER_CREATED', order_created_at, NULL),
            (4, 'INVENTORY_RESERVED', inventory_reserved_at, NULL),
            (5, 'PAYMENT_CAPTURED', payment_captured_at, NULL),
            (6, 'COMPENSATING', compensating_at, e.reason),
            (7, status, ended_at, e.reason)
          ) AS journey (place, reached, at, why)
          WHERE at IS NOT NULL
        ) AS timeline
        FROM ledger.all_entries e WHERE id = ${id}`.pipe(Effect.orDie)
      if (row === undefined) return yield* new OrderNotFound({ order_ledger_id: id })
      const items = row.items.map((line) => ({ ...line, total_cents: line.unit_price_cents * line.quantity }))
      return { ...withoutNulls(row), items } satisfies OrderView
    })

    /** Each filter has its index: by user, by failure, by being under way; all, and the many that went well, by id. */
    const page = ({ before, limit, status, user_id }: OrderFilter) => {
      const start = before ?? LAST_ID
      const earlier = sql`id < ${start}::uuid ORDER BY id DESC LIMIT ${limit}`
      if (user_id !== undefined) {
        return sql<RowOf<OrderSummary>>`
          SELECT ${summary} FROM ledger.all_entries e
          WHERE user_id = ${user_id} AND (${status ?? null}::text IS NULL OR status = ${
          status ?? null
        }::text) AND ${earlier}`
      }
      if (status === undefined) {
        return sql<RowOf<OrderSummary>>`SELECT ${summary} FROM ledger.all_entries e WHERE ${earlier}`
      }
      switch (status) {
        case "FAILED":
        case "AUTHORIZATION_FAILED":
          return sql<RowOf<OrderSummary>>`
            SELECT ${summary} FROM ledger.failures f JOIN ledger.all_entries e ON e.id = f.order_id
            WHERE f.status = ${status} AND f.order_id < ${start}::uuid ORDER BY f.order_id DESC LIMIT ${limit}`
        case "COMPLETED":
          return sql<RowOf<OrderSummary>>`
            SELECT ${summary} FROM ledger.all_entries e WHERE e.status = 'COMPLETED' AND ${earlier}`
        default:
          return sql<RowOf<OrderSummary>>`
            SELECT ${summary} FROM ledger.due d JOIN ledger.entries e ON e.id = d.order_id
            WHERE e.status = ${status} AND ${earlier}`
      }
    }

    const list = Effect.fn("listOrders")(function*(filter: OrderFilter) {
      const rows = yield* Effect.orDie(page(filter))
      const last = rows.length === filter.limit ? rows.at(-1) : undefined
      return {
        orders: rows.map((row): OrderSummary => withoutNulls(row)),
        ...(last === undefined ? {} : { next_cursor: last.order_ledger_id })
      }
    })

    return { byId, list } as const
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}
