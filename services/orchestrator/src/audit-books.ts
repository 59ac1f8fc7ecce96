import { LAST_ID } from "@surety/domain/ids"
import type { invariants } from "@surety/platform/telemetry/catalogue"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export type Invariant = (typeof invariants)[number]

/** A row that breaks an invariant: an order's id, or a product's and a warehouse's. */
export interface Violation {
  readonly invariant: Invariant
  readonly id: string
}

/** More are not counted. */
const VIOLATIONS_MAX = 1_000
/** What has no order may be that of one whose entry is not written yet; after this long it is not. */
const UNDER_WAY = "now() - interval '5 minutes'"

/**
 * The newest orders, as many again from where the last look ended, so that in time all are seen, and those known to be bad,
 * until they are not. `$1`: how many; `$2`: where the last look ended; `$3`: the bad ones.
 */
const looked = (table: string, key: string) => `
  SELECT * FROM ${table} WHERE ${key} IN (
    (SELECT ${key} FROM ${table} ORDER BY ${key} DESC LIMIT $1::integer)
    UNION (SELECT ${key} FROM ${table} WHERE ${key} < $2::uuid ORDER BY ${key} DESC LIMIT $1::integer)
    UNION SELECT unnest($3::uuid[])
  )`

const entryOf = (id: string) => `
  SELECT status, total_cents, ended_at FROM ledger.entries WHERE id = ${id}
  UNION ALL SELECT status, total_cents, ended_at FROM ledger.archive WHERE id = ${id} LIMIT 1`

const badPayments = `
  SELECT v.invariant, p.reference AS id
  FROM (${looked("payment.payments", "reference")}) p LEFT JOIN LATERAL (${entryOf("p.reference")}) e ON true
  CROSS JOIN LATERAL (VALUES
    ('double_capture',
      p.captured_cents > p.amount_cents OR p.captured_cents > e.total_cents OR p.refunded_cents > p.captured_cents),
    ('orphan_hold', CASE
      WHEN e.status IS NULL AND p.created_at > ${UNDER_WAY} THEN false
      WHEN e.status IS NULL OR e.status = 'COMPLETED'
        THEN p.status IN ('AUTHORIZING', 'AUTHORIZED', 'CAPTURE_REFUSED')
      ELSE e.ended_at IS NOT NULL AND p.status NOT IN ('VOIDED', 'REFUNDED', 'DECLINED')
    END)
  ) AS v (invariant, broken)
  WHERE v.broken LIMIT ${VIOLATIONS_MAX}`

const badReservations = `
  SELECT 'leaked_reservation' AS invariant, r.order_id AS id
  FROM (${looked("inventory.reservations", "order_id")}) r LEFT JOIN LATERAL (${entryOf("r.order_id")}) e ON true
  WHERE r.expires_at IS NULL AND CASE
    WHEN e.status IS NULL AND r.created_at > ${UNDER_WAY} THEN false
    WHEN e.status IS NULL OR e.status = 'COMPLETED' THEN r.status = 'HELD'
    ELSE e.ended_at IS NOT NULL AND r.status IN ('HELD', 'COMMITTED')
  END LIMIT ${VIOLATIONS_MAX}`

const oversold = `
  SELECT 'oversell' AS invariant, product_id || '/' || warehouse_id AS id
  FROM inventory.stock WHERE reserved < 0 OR reserved > on_hand LIMIT ${VIOLATIONS_MAX}`

/** Counters against the sums of all that ever moved and of all that is held. */
const drifted = `
  SELECT 'stock_drift' AS invariant, product_id || '/' || warehouse_id AS id
  FROM inventory.stock s FULL JOIN (
    SELECT product_id, warehouse_id, sum(on_hand_delta) AS on_hand FROM inventory.movements GROUP BY 1, 2
  ) m USING (product_id, warehouse_id) FULL JOIN (
    SELECT l.product_id, l.warehouse_id, sum(l.quantity) AS reserved
    FROM inventory.reservations r, inventory.lines_of(r.lines) l WHERE r.status = 'HELD' GROUP BY 1, 2
  ) h USING (product_id, warehouse_id)
  WHERE coalesce(s.on_hand, 0) <> coalesce(m.on_hand, 0) OR coalesce(s.reserved, 0) <> coalesce(h.reserved, 0)
  LIMIT ${VIOLATIONS_MAX}`

/**
 * What must never be, as SQL over the books of all services. Each statement sees one moment, and orders under way are not
 * judged. What grows with every order is looked at a slice at a time; stock is added up as a whole, for as long as that
 * can be done within the limit of a statement.
 */
export const makeAudit = Effect.fnUntraced(function*(ordersALook: number) {
  const sql = yield* SqlClient.SqlClient
  const all = (query: string) => sql.unsafe<Violation>(query)

  const bySlices = (table: string, key: string, query: string) => {
    const endOfSlice = `
      SELECT ${key} AS id FROM ${table} WHERE ${key} < $2::uuid ORDER BY ${key} DESC OFFSET $1::integer - 1 LIMIT 1`
    let before: string = LAST_ID
    let known: ReadonlyArray<string> = []
    return Effect.gen(function*() {
      const found = yield* sql.unsafe<Violation>(query, [ordersALook, before, known])
      const [end] = yield* sql.unsafe<{ readonly id: string }>(endOfSlice, [ordersALook, before])
      before = end?.id ?? LAST_ID
      known = [...new Set(found.map(({ id }) => id))]
      return found
    })
  }

  return [
    { judges: ["oversell"], look: all(oversold) },
    { judges: ["stock_drift"], look: all(drifted) },
    { judges: ["double_capture", "orphan_hold"], look: bySlices("payment.payments", "reference", badPayments) },
    { judges: ["leaked_reservation"], look: bySlices("inventory.reservations", "order_id", badReservations) }
  ] as const
})
