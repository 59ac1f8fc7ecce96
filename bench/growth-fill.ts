import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { catalogue } from "./catalogue.ts"

/** Orders of a transition's row, as sets of the saga have them. */
const SET_SIZE = 64
const CENTS = 1999

/**
 * Runs statements in one transaction with triggers asleep: what they would write is written here, faster. CHECKs hold as
 * ever, and the judge looks at the whole afterwards.
 */
const withoutTriggers = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    return yield* sql.withTransaction(
      Effect.andThen(sql`SET LOCAL session_replication_role = replica`, work)
    )
  })

/**
 * `public.filled` has an order a row: numbers from 1, ids that sort by time from `minutesAgo` on, a product each in turn and
 * one of its warehouses.
 */
const listOrders = Effect.fnUntraced(function*(count: number, minutesAgo: number) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`DROP TABLE IF EXISTS public.filled`
  yield* sql`
    CREATE UNLOGGED TABLE public.filled AS
    WITH shelves AS (
      SELECT product_id, warehouse_id, row_number() OVER (ORDER BY warehouse_id, product_id) - 1 AS shelf
      FROM inventory.stock WHERE product_id = ANY(${catalogue.uniform}::uuid[])
    ), times AS (
      SELECT n, now() - ${minutesAgo}::int * interval '1 minute' * (1 - (n - 1)::float8 / ${count}::int) AS at
      FROM generate_series(1, ${count}::int) AS n
    )
    SELECT n, at, product_id, warehouse_id,
      (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '70008' || lpad(to_hex(n), 15, '0'))::uuid AS id,
      jsonb_build_array(jsonb_build_object('product_id', product_id, 'quantity', 1, 'unit_price_cents', ${CENTS}::int))
        AS items
    FROM times JOIN shelves ON shelf = n % (SELECT count(*) FROM shelves)`
})

const transitionsTo = Effect.fnUntraced(function*(steps: ReadonlyArray<string>) {
  const sql = yield* SqlClient.SqlClient
  for (const [i, to] of steps.entries()) {
    yield* sql`
      INSERT INTO ledger.transitions (at, from_status, to_status, order_ids)
      SELECT max(at), ${steps[i - 1] ?? null}::text, ${to}::text, array_agg(id ORDER BY id)
      FROM public.filled GROUP BY n / ${SET_SIZE}::int`
  }
})

const journey = [
  "AWAITING_AUTHORIZATION",
  "AUTHORIZED",
  "ORDER_CREATED",
  "INVENTORY_RESERVED",
  "PAYMENT_CAPTURED",
  "COMPLETED"
]

const writeCompleted = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    INSERT INTO ledger.entries (id, shard, caller, idempotency_key, request_hash, user_id, email, items, total_cents,
      currency, created_at, response_status, response_body, warehouse_id, authorized_at, order_created_at,
      inventory_reserved_at, payment_captured_at, ended_at, status, updated_at, fence)
    SELECT id, 0, 'public', 'filled-' || id, sha256(uuid_send(id)), 'user_' || n % 5000, 'user@example.com', items,
      ${CENTS}::int, 'usd', at, 202, '{}', warehouse_id, at, at, at, at, at, 'COMPLETED', at, 2
    FROM public.filled ORDER BY id`
  yield* transitionsTo(journey)
  yield* sql`
    INSERT INTO orders.orders (order_ledger_id, user_id, email, items, total_cents, currency, created_at, updated_at,
      status)
    SELECT id, 'user_' || n % 5000, 'user@example.com', items, ${CENTS}::int, 'usd', at, at, 'CONFIRMED'
    FROM public.filled ORDER BY id`
  yield* sql`
    INSERT INTO payment.payments (reference, amount_cents, currency, created_at, updated_at, status, captured_cents,
      provider_id)
    SELECT id, ${CENTS}::int, 'usd', at, at, 'CAPTURED', ${CENTS}::int, 'filled_' || n FROM public.filled ORDER BY id`
  yield* sql`
    INSERT INTO inventory.reservations (order_id, created_at, lines, decision, status)
    SELECT id, at, uuid_send(product_id) || uuid_send(warehouse_id) || int2send(1::smallint), '{}', 'COMMITTED'
    FROM public.filled ORDER BY id`
  yield* sql`
    INSERT INTO inventory.movements (cause_id, line, kind, product_id, warehouse_id, at, on_hand_delta)
    SELECT id, 0, 'commit', product_id, warehouse_id, at, -1 FROM public.filled ORDER BY id`
  yield* sql`
    UPDATE inventory.stock s SET on_hand = s.on_hand - f.units
    FROM (SELECT product_id, warehouse_id, count(*)::int AS units FROM public.filled GROUP BY 1, 2) f
    WHERE s.product_id = f.product_id AND s.warehouse_id = f.warehouse_id`
}).pipe(withoutTriggers)

/** So many orders that were COMPLETED within the last day, with a movement each. */
export const fillCompleted = Effect.fn("fillCompleted")(function*(count: number) {
  const sql = yield* SqlClient.SqlClient
  yield* listOrders(count, 24 * 60)
  yield* writeCompleted
  yield* sql`DROP TABLE public.filled`
  yield* sql`VACUUM ANALYZE`
})

/** The ids of so many orders that are about to be filled in as AUTHORIZED, for whoever makes the provider hold their money. */
export const listBacklog = Effect.fn("listBacklog")(function*(count: number) {
  const sql = yield* SqlClient.SqlClient
  yield* listOrders(count, 10)
  return (yield* sql<{ id: string }>`SELECT id FROM public.filled ORDER BY n`).map(({ id }) => id)
})

/** The listed orders as the edge leaves them, due at once; `providerIds` in the order of the list. */
export const fillBacklog = Effect.fn("fillBacklog")(function*(providerIds: ReadonlyArray<string>) {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.gen(function*() {
    yield* sql`
      INSERT INTO ledger.entries (id, shard, caller, idempotency_key, request_hash, user_id, email, items, total_cents,
        currency, created_at, response_status, response_body, authorized_at, status, updated_at, fence)
      SELECT id, 0, 'public', 'backlog-' || id, sha256(uuid_send(id)), 'user_' || n % 5000, 'user@example.com', items,
        ${CENTS}::int, 'usd', at, 202, '{}', at, 'AUTHORIZED', at, 1
      FROM public.filled ORDER BY id`
    yield* transitionsTo(journey.slice(0, 2))
    yield* sql`INSERT INTO ledger.due (order_id, next_run_at) SELECT id, at FROM public.filled ORDER BY id`
    yield* sql`
      INSERT INTO payment.payments (reference, amount_cents, currency, created_at, updated_at, status, provider_id)
      SELECT f.id, ${CENTS}::int, 'usd', at, at, 'AUTHORIZED', p.provider_id
      FROM public.filled f JOIN unnest(${providerIds}::text[]) WITH ORDINALITY AS p (provider_id, n) USING (n)
      ORDER BY f.id`
  }).pipe(withoutTriggers)
  yield* sql`DROP TABLE public.filled`
})

/** What each order of the fill costs its customer. */
export const filledCents = CENTS
