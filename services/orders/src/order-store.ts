import type { CreateOrder, OrderRecord, OrderRecordStatus } from "@surety/contracts/orders-api"
import type { OrderId } from "@surety/domain/ids"
import { retryLocks, retryLostRaces } from "@surety/platform/database"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"

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

export const idsOf = (items: ReadonlyArray<{ readonly order_ledger_id: OrderId }>) =>
  items.map((item) => item.order_ledger_id)

/**
 * What can happen to `orders.orders`. Every change is one statement a set that is guarded by the status and may name an id
 * twice. Storage failures are defects.
 */
export class OrderStore extends Context.Service<OrderStore, {
  /** Writes those orders that no record has the id of, and answers them; the first of two under one id wins. */
  readonly insertMissing: (orders: ReadonlyArray<CreateOrder>) => Effect.Effect<ReadonlyMap<OrderId, CreateOrder>>
  /** Answers the ids that it confirmed. */
  readonly confirmPending: (ids: ReadonlyArray<OrderId>) => Effect.Effect<ReadonlySet<OrderId>>
  /**
   * PENDING becomes CANCELLED; an unknown id gets a tombstone, so that its creation is refused when it comes late. Answers
   * the records as they stand afterwards.
   */
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

  const read = (ids: ReadonlyArray<OrderId>) =>
    ids.length === 0 ? Effect.succeed([]) : sql<Row>`
      SELECT ${columns} FROM orders.orders WHERE order_ledger_id = ANY(${ids}::uuid[])`
  const byId = (rows: ReadonlyArray<Row>): Records => new Map(rows.map((row) => [row.order_ledger_id, recordOf(row)]))

  return {
    insertMissing: (orders) =>
      // Looking first spares the rare repetition a conflict; the primary key decides between two at once, and who lost
      // looks again. ON CONFLICT would write 48 bytes of WAL more for every order.
      sql<{ order_ledger_id: OrderId }>`
        INSERT INTO orders.orders (order_ledger_id, user_id, email, items, total_cents, currency, status)
        SELECT DISTINCT ON (order_ledger_id)
          order_ledger_id, user_id, email, items, total_cents, currency, 'PENDING'
        FROM ROWS FROM (jsonb_to_recordset(${JSON.stringify(orders)}::text::jsonb) AS (
          order_ledger_id uuid, user_id text, email text, items jsonb, total_cents bigint, currency text
        )) WITH ORDINALITY AS created
        WHERE NOT EXISTS (SELECT FROM orders.orders o WHERE o.order_ledger_id = created.order_ledger_id)
        ORDER BY order_ledger_id, ordinality
        RETURNING order_ledger_id`.pipe(
        retryLostRaces,
        Effect.map((rows) => {
          const firsts = new Map(orders.toReversed().map((order) => [order.order_ledger_id, order]))
          return new Map(rows.map((row) => [row.order_ledger_id, firsts.get(row.order_ledger_id)!]))
        }),
        Effect.orDie
      ),

    confirmPending: (ids) =>
      retryLocks(sql<{ order_ledger_id: OrderId }>`
        UPDATE orders.orders SET status = 'CONFIRMED', updated_at = now()
        WHERE order_ledger_id = ANY(${ids}::uuid[]) AND status = 'PENDING'
        RETURNING order_ledger_id`).pipe(
        Effect.map((rows) => new Set(rows.map((row) => row.order_ledger_id))),
        Effect.orDie
      ),

    cancelPendingOrUnknown: (cancellations) => {
      const ids = cancellations.map((cancellation) => cancellation.order_ledger_id)
      const reasons = cancellations.map((cancellation) => cancellation.reason)
      const change = sql<Row>`
        INSERT INTO orders.orders (order_ledger_id, status, cancel_reason)
        SELECT DISTINCT ON (id) id, 'CANCELLED', reason
        FROM unnest(${ids}::uuid[], ${reasons}::text[]) WITH ORDINALITY AS asked (id, reason, place)
        ORDER BY id, place
        ON CONFLICT (order_ledger_id) DO UPDATE
          SET status = excluded.status, cancel_reason = excluded.cancel_reason, updated_at = now()
          WHERE orders.status = 'PENDING'`
      // A statement of its own: the first one's snapshot is older than whatever made it leave a row as it was.
      return Effect.andThen(change, read(ids)).pipe(Effect.map(byId), Effect.orDie)
    },

    read: (ids) => read(ids).pipe(Effect.map(byId), Effect.orDie)
  }
}
