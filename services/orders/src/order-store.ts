import type { CreateOrder, OrderRecord, OrderRecordStatus } from "@surety/contracts/orders-api"
import type { OrderId } from "@surety/domain/ids"
import { Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"

/** The records of a set by their ids; an id nobody has heard of is not in it. */
export type Records = ReadonlyMap<OrderId, OrderRecord>

export interface Cancellation {
  readonly order_ledger_id: OrderId
  readonly reason: string
}

interface Row {
  readonly order_ledger_id: OrderId
  readonly status: OrderRecordStatus
  readonly contents: Omit<CreateOrder, "order_ledger_id"> | null
  readonly cancel_reason: string | null
  readonly created_at: Date
  readonly updated_at: Date
}

const recordOf = (row: Row): OrderRecord => ({
  order_ledger_id: row.order_ledger_id,
  status: row.status,
  ...row.contents,
  ...(row.cancel_reason === null ? {} : { cancel_reason: row.cancel_reason }),
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString()
})

/**
 * What can happen to `orders.orders`. Every change is one statement a set that is guarded by the status, locks its rows
 * in id order (so that overlapping sets never deadlock) and may name an id twice. Answers the records as they stand
 * afterwards. Storage failures are defects.
 */
export class OrderStore extends Context.Service<OrderStore, {
  /** Writes those orders that no record has the id of; the first of two under one id wins. */
  readonly insertMissing: (orders: ReadonlyArray<CreateOrder>) => Effect.Effect<Records>
  readonly confirmPending: (ids: ReadonlyArray<OrderId>) => Effect.Effect<Records>
  /** PENDING becomes CANCELLED; an unknown id gets a tombstone, so that its creation is refused when it comes late. */
  readonly cancelPendingOrUnknown: (cancellations: ReadonlyArray<Cancellation>) => Effect.Effect<Records>
  readonly read: (ids: ReadonlyArray<OrderId>) => Effect.Effect<Records>
}>()("surety/orders/OrderStore") {
  static readonly layer = Layer.effect(OrderStore, Effect.map(SqlClient.SqlClient, (sql) => makeStore(sql)))
}

const makeStore = (sql: SqlClient.SqlClient): OrderStore["Service"] => {
  const columns = sql.literal(`
    order_ledger_id, status, cancel_reason, created_at, updated_at,
    CASE WHEN user_id IS NOT NULL THEN jsonb_build_object(
      'user_id', user_id, 'email', email, 'items', items, 'total_cents', total_cents, 'currency', currency
    ) END AS contents`)

  const select = (ids: ReadonlyArray<OrderId>) =>
    sql<Row>`SELECT ${columns} FROM orders.orders WHERE order_ledger_id = ANY(${ids}::uuid[])`

  /**
   * The rows a statement changed, and those it left as they were. The latter take a statement of their own: the first
   * one's snapshot is older than whatever made it leave them.
   */
  const withUnchanged = Effect.fnUntraced(
    function*(ids: ReadonlyArray<OrderId>, change: Effect.Effect<ReadonlyArray<Row>, SqlError.SqlError>) {
      const records = new Map((yield* change).map((row) => [row.order_ledger_id, recordOf(row)]))
      const unchanged = ids.filter((id) => !records.has(id))
      if (unchanged.length === 0) return records
      for (const row of yield* select(unchanged)) records.set(row.order_ledger_id, recordOf(row))
      return records
    },
    Effect.orDie
  )

  return {
    insertMissing: (orders) =>
      withUnchanged(
        orders.map((order) => order.order_ledger_id),
        sql<Row>`
        INSERT INTO orders.orders (order_ledger_id, user_id, email, items, total_cents, currency, status)
        SELECT order_ledger_id, user_id, email, items, total_cents, currency, 'PENDING'
        FROM ROWS FROM (jsonb_to_recordset(${JSON.stringify(orders)}::text::jsonb) AS (
          order_ledger_id uuid, user_id text, email text, items jsonb, total_cents bigint, currency text
        )) WITH ORDINALITY
        ORDER BY order_ledger_id, ordinality
        ON CONFLICT (order_ledger_id) DO NOTHING
        RETURNING ${columns}`
      ),

    confirmPending: (ids) =>
      withUnchanged(
        ids,
        sql<Row>`
        WITH pending AS MATERIALIZED (
          SELECT order_ledger_id AS id FROM orders.orders
          WHERE order_ledger_id = ANY(${ids}::uuid[]) AND status = 'PENDING'
          ORDER BY order_ledger_id FOR UPDATE
        )
        UPDATE orders.orders SET status = 'CONFIRMED', updated_at = now()
        FROM pending WHERE order_ledger_id = pending.id AND status = 'PENDING'
        RETURNING ${columns}`
      ),

    cancelPendingOrUnknown: (cancellations) => {
      const ids = cancellations.map((cancellation) => cancellation.order_ledger_id)
      const reasons = cancellations.map((cancellation) => cancellation.reason)
      return withUnchanged(
        ids,
        sql<Row>`
        INSERT INTO orders.orders (order_ledger_id, status, cancel_reason)
        SELECT DISTINCT ON (id) id, 'CANCELLED', reason
        FROM unnest(${ids}::uuid[], ${reasons}::text[]) WITH ORDINALITY AS asked (id, reason, place)
        ORDER BY id, place
        ON CONFLICT (order_ledger_id) DO UPDATE
          SET status = excluded.status, cancel_reason = excluded.cancel_reason, updated_at = now()
          WHERE orders.status = 'PENDING'
        RETURNING ${columns}`
      )
    },

    read: (ids) => withUnchanged(ids, Effect.succeed([]))
  }
}
