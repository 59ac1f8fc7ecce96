import type { OrderId } from "@surety/domain/ids"
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"

/** A place in the log of transitions. */
export interface Place {
  readonly xact: bigint
  readonly id: bigint
}

/** What a look at our own books came to: so many orders, and those of them that have to be looked at closely. */
export interface Sighting {
  readonly compared: number
  readonly suspects: ReadonlyArray<OrderId>
}

/** More suspects than this at once are left to the next round: they say enough. */
const SUSPECTS_MAX = 1_000
/** Orders that one look by time goes through: a few dozen milliseconds. */
const ORDERS_MAX = 10_000
const ended = "('COMPLETED', 'FAILED', 'AUTHORIZATION_FAILED')"

/**
 * Orders that have come to rest and do not look as all good ends look; those that ended later than their payment was
 * looked at are `late`. It must let nothing pass that the verdict would not; what it is strict about costs a closer look.
 * `$1`: milliseconds of rest.
 */
const judged = (source: string) => `
  SELECT e.id, e.ended_at - e.created_at > $1::integer * interval '1 millisecond' AS late,
    CASE e.status WHEN 'COMPLETED' THEN
      p.status IN ('CAPTURED', 'REFUNDED') AND p.captured_cents = e.total_cents AND p.amount_cents = e.total_cents
        AND p.currency = e.currency AND o.status = 'CONFIRMED' AND o.total_cents = e.total_cents
        AND r.status = 'COMMITTED'
    ELSE
      coalesce(p.status IN ('VOIDED', 'REFUNDED', 'DECLINED'), true) AND coalesce(o.status = 'CANCELLED', true)
        AND coalesce(r.status IN ('RELEASED', 'REFUSED'), true)
    END IS TRUE AS fits
  FROM (${source}) e
  LEFT JOIN payment.payments p ON p.reference = e.id
  LEFT JOIN orders.orders o ON o.order_ledger_id = e.id
  LEFT JOIN inventory.reservations r ON r.order_id = e.id
  WHERE e.ended_at < now() - $1::integer * interval '1 millisecond'`

const columns = "id, status, total_cents, currency, created_at, ended_at"

/** By their ids, in `$2`. Of those that fit, some that ended late are answered too: `$3` of them at most. */
const judgedByIds = `
  WITH looked AS MATERIALIZED (${
  judged(`
    SELECT f.* FROM unnest($2::uuid[]) AS asked (id) CROSS JOIN LATERAL (
      SELECT ${columns} FROM ledger.entries WHERE id = asked.id
      UNION ALL SELECT ${columns} FROM ledger.archive WHERE id = asked.id LIMIT 1
    ) f`)
})
  SELECT (SELECT count(*) FROM looked)::integer AS compared,
    ARRAY(SELECT id FROM looked WHERE NOT fits LIMIT ${SUSPECTS_MAX})
      || ARRAY(SELECT id FROM looked WHERE fits AND late LIMIT $3::integer) AS suspects`

/** Ids begin with their time: all of a stretch of time, `$2` to `$3`. */
const judgedByTime = `
  WITH looked AS MATERIALIZED (${
  judged(`
    SELECT ${columns} FROM ledger.all_entries
    WHERE id >= ledger.first_id_at($2::timestamptz) AND id < ledger.first_id_at($3::timestamptz)`)
})
  SELECT count(*)::integer AS compared, (array_agg(id) FILTER (WHERE NOT fits))[1:${SUSPECTS_MAX}] AS suspects
  FROM looked`

const stray = (table: string, key: string, stands: string) => `
  SELECT s.${key} AS id FROM ${table} s
  WHERE s.${key} >= ledger.first_id_at($1::timestamptz) AND s.${key} < ledger.first_id_at($2::timestamptz) AND ${stands}
    AND NOT EXISTS (SELECT FROM ledger.entries e WHERE e.id = s.${key})
    AND NOT EXISTS (SELECT FROM ledger.archive a WHERE a.id = s.${key})`

/** What stands for an order that the ledger does not have, in a stretch of time from `$1` to `$2`. */
const strays = `
  ${stray("payment.payments", "reference", "s.status NOT IN ('VOIDED', 'DECLINED', 'REFUNDED')")}
  UNION ${stray("orders.orders", "order_ledger_id", "s.status <> 'CANCELLED'")}
  UNION ${stray("inventory.reservations", "order_id", "s.status IN ('HELD', 'COMMITTED') AND s.expires_at IS NULL")}
  LIMIT ${SUSPECTS_MAX}`

interface TransitionRow extends Place {
  readonly order_ids: ReadonlyArray<OrderId>
  readonly ripe: boolean
}

/** Looks through our own books, by a role that may read all of them and change nothing. */
export const makeSuspects = (sql: SqlClient.SqlClient, graceMillis: number) => {
  const none: Sighting = { compared: 0, suspects: [] }

  const byIds = (ids: ReadonlyArray<OrderId>, lateMax: number) =>
    ids.length === 0
      ? Effect.succeed(none)
      : Effect.map(sql.unsafe<Sighting>(judgedByIds, [graceMillis, ids, lateMax]), ([found]) => found ?? none)

  const byTime = (from: Date, before: Date) =>
    Effect.map(
      sql.unsafe<{ compared: number; suspects: Sighting["suspects"] | null }>(judgedByTime, [
        graceMillis,
        from,
        before
      ]),
      ([found]): Sighting => ({ compared: found?.compared ?? 0, suspects: found?.suspects ?? [] })
    )

  /** From when on a stretch of time has no more orders than one look can go through. */
  const whereToStop = (from: Date, before: Date) =>
    Effect.map(
      sql.unsafe<{ at: Date }>(
        `
        SELECT to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000) AS at FROM ledger.entries
        WHERE id >= ledger.first_id_at($1::timestamptz) AND id < ledger.first_id_at($2::timestamptz)
        ORDER BY id DESC OFFSET ${ORDERS_MAX} LIMIT 1`,
        [from, before]
      ),
      ([found]) => found?.at ?? from
    )

  const withoutEntry = (from: Date, before: Date) =>
    Effect.map(sql.unsafe<{ id: OrderId }>(strays, [from, before]), (rows) => rows.map(({ id }) => id))

  /**
   * The orders that ended since, from one place in the log of transitions to the next, as long as these are older than the
   * grace: no transaction of ours is open for that long, so none can still appear before a place that was passed.
   */
  const endedSince = (after: Place, limit: number) =>
    Effect.map(
      sql<TransitionRow>`
        SELECT xact, id, CASE WHEN to_status IN ${sql.literal(ended)} THEN order_ids ELSE '{}' END AS order_ids,
          at < now() - ${graceMillis}::integer * interval '1 millisecond' AS ripe
        FROM ledger.transitions WHERE (xact, id) > (${after.xact}::bigint, ${after.id}::bigint)
        ORDER BY xact, id LIMIT ${limit}`,
      (rows) => {
        const unripe = rows.findIndex(({ ripe }) => !ripe)
        const passed = unripe < 0 ? rows : rows.slice(0, unripe)
        const { id, xact } = passed.at(-1) ?? after
        return { ids: passed.flatMap(({ order_ids }) => order_ids), place: { id, xact }, more: passed.length === limit }
      }
    )

  return { byIds, byTime, whereToStop, withoutEntry, endedSince } as const
}
