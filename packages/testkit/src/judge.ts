import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** A truth about the books of all services together, as a query that returns the rows which break it. */
export interface Invariant {
  readonly name: string
  readonly query: string
}

/** Hold at every moment, also while orders are under way. */
export const always: ReadonlyArray<Invariant> = [
  {
    name: "oversell",
    query: "SELECT product_id, warehouse_id FROM inventory.stock WHERE reserved < 0 OR reserved > on_hand"
  },
  {
    name: "stock_drift",
    query: `
      SELECT product_id, warehouse_id FROM inventory.stock s
      FULL JOIN (
        SELECT product_id, warehouse_id, sum(on_hand_delta) AS on_hand FROM inventory.movements GROUP BY 1, 2
      ) m USING (product_id, warehouse_id)
      WHERE coalesce(s.on_hand, 0) <> coalesce(m.on_hand, 0)`
  },
  {
    name: "reserved_is_what_is_held",
    query: `
      SELECT product_id, warehouse_id FROM (
        SELECT product_id, warehouse_id, reserved FROM inventory.stock WHERE reserved <> 0
      ) s FULL JOIN (
        SELECT l.product_id, l.warehouse_id, sum(l.quantity) AS held
        FROM inventory.reservations r, inventory.lines_of(r.lines) l WHERE r.status = 'HELD' GROUP BY 1, 2
      ) h USING (product_id, warehouse_id)
      WHERE coalesce(s.reserved, 0) <> coalesce(h.held, 0)`
  },
  {
    name: "committed_is_what_left",
    query: `
      SELECT cause_id FROM (
        SELECT cause_id, line, product_id, warehouse_id, -on_hand_delta AS quantity
        FROM inventory.movements WHERE kind = 'commit'
      ) m FULL JOIN (
        SELECT r.order_id AS cause_id, l.*
        FROM inventory.reservations r, inventory.lines_of(r.lines) l WHERE r.status = 'COMMITTED'
      ) c USING (cause_id, line, product_id, warehouse_id, quantity)
      WHERE m.cause_id IS NULL OR c.cause_id IS NULL`
  },
  {
    name: "captured_over_authorized",
    query: `
      SELECT reference FROM payment.payments
      WHERE captured_cents > amount_cents OR refunded_cents > captured_cents
        OR refunded_cents <> (
          SELECT coalesce(sum(r.amount_cents), 0) FROM payment.refunds r
          WHERE r.reference = payments.reference AND r.status = 'DONE')`
  },
  {
    name: "amounts_agree",
    query: `
      SELECT e.id FROM ledger.all_entries e
      LEFT JOIN payment.payments p ON p.reference = e.id AND p.provider_id IS NOT NULL
      LEFT JOIN orders.orders o ON o.order_ledger_id = e.id AND o.total_cents IS NOT NULL
      WHERE coalesce(p.amount_cents, e.total_cents) <> e.total_cents
        OR coalesce(o.total_cents, e.total_cents) <> e.total_cents
        OR e.total_cents <> (
          SELECT sum(l.quantity::bigint * l.unit_price_cents)
          FROM jsonb_to_recordset(e.items) AS l (quantity integer, unit_price_cents bigint))`
  },
  {
    name: "allocated_is_what_was_ordered",
    query: `
      SELECT e.id FROM ledger.all_entries e JOIN inventory.reservations r ON r.order_id = e.id
      WHERE r.status IN ('HELD', 'COMMITTED') AND EXISTS (
        SELECT 1 FROM jsonb_to_recordset(e.items) AS l (product_id uuid, quantity integer)
        FULL JOIN (
          SELECT h.product_id, sum(h.quantity) AS quantity FROM inventory.lines_of(r.lines) h GROUP BY 1
        ) a USING (product_id)
        WHERE coalesce(l.quantity, 0) <> coalesce(a.quantity, 0))`
  },
  {
    name: "timeline_is_unbroken",
    query: `
      SELECT e.id FROM ledger.all_entries e LEFT JOIN (
        SELECT o.id, count(*) AS steps, count(DISTINCT t.to_status) AS reached,
          array_agg(t.to_status) AS came, array_agg(t.from_status) FILTER (WHERE t.from_status IS NOT NULL) AS went
        FROM ledger.transitions t, unnest(t.order_ids) AS o (id) GROUP BY o.id
      ) l ON l.id = e.id
      WHERE l.id IS NULL OR l.reached <> l.steps OR NOT e.status = ANY (l.came) OR e.status = ANY (l.went)
        OR NOT l.went <@ l.came
        OR l.steps <> 1 + num_nonnulls(e.authorized_at, e.order_created_at, e.inventory_reserved_at,
          e.payment_captured_at, e.compensating_at, e.ended_at)`
  },
  {
    name: "failures_are_listed",
    query: `
      SELECT coalesce(e.id, f.order_id) FROM (
        SELECT id, status FROM ledger.all_entries WHERE status IN ('FAILED', 'AUTHORIZATION_FAILED')
      ) e FULL JOIN ledger.failures f ON f.order_id = e.id AND f.status = e.status
      WHERE e.id IS NULL OR f.order_id IS NULL`
  },
  {
    name: "completed_means_all_done",
    query: `
      SELECT e.id FROM ledger.all_entries e
      LEFT JOIN orders.orders o ON o.order_ledger_id = e.id
      LEFT JOIN inventory.reservations r ON r.order_id = e.id
      LEFT JOIN payment.payments p ON p.reference = e.id
      WHERE e.status = 'COMPLETED' AND (
        o.status IS DISTINCT FROM 'CONFIRMED' OR r.status IS DISTINCT FROM 'COMMITTED'
        OR p.status IS NULL OR p.status NOT IN ('CAPTURED', 'REFUNDED') OR p.captured_cents <> e.total_cents)`
  },
  {
    name: "failed_holds_no_money",
    query: `
      SELECT e.id FROM ledger.all_entries e JOIN payment.payments p ON p.reference = e.id
      WHERE e.status IN ('FAILED', 'AUTHORIZATION_FAILED') AND p.status NOT IN ('VOIDED', 'REFUNDED', 'DECLINED')`
  },
  {
    name: "failed_holds_no_stock",
    query: `
      SELECT e.id FROM ledger.all_entries e JOIN inventory.reservations r ON r.order_id = e.id
      WHERE e.status IN ('FAILED', 'AUTHORIZATION_FAILED') AND r.status IN ('HELD', 'COMMITTED')`
  },
  {
    name: "failed_has_no_order",
    query: `
      SELECT e.id FROM ledger.all_entries e JOIN orders.orders o ON o.order_ledger_id = e.id
      WHERE e.status IN ('FAILED', 'AUTHORIZATION_FAILED') AND o.status <> 'CANCELLED'`
  },
  {
    name: "nothing_without_a_ledger_entry",
    query: `
      SELECT reference FROM payment.payments p WHERE status NOT IN ('VOIDED', 'DECLINED')
        AND NOT EXISTS (SELECT 1 FROM ledger.all_entries e WHERE e.id = p.reference)
      UNION ALL
      SELECT order_ledger_id FROM orders.orders o WHERE status <> 'CANCELLED'
        AND NOT EXISTS (SELECT 1 FROM ledger.all_entries e WHERE e.id = o.order_ledger_id)
      UNION ALL
      SELECT order_id FROM inventory.reservations r WHERE status IN ('HELD', 'COMMITTED') AND expires_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM ledger.all_entries e WHERE e.id = r.order_id)`
  },
  {
    name: "a_ticket_until_the_end",
    query: `
      SELECT coalesce(e.id, d.order_id) FROM ledger.all_entries e FULL JOIN ledger.due d ON d.order_id = e.id
      WHERE (d.order_id IS NULL) IS DISTINCT FROM (e.status IN ('COMPLETED', 'FAILED', 'AUTHORIZATION_FAILED'))`
  },
  {
    name: "answered_as_it_stands",
    query: `
      SELECT id FROM ledger.entries
      WHERE (status = 'AUTHORIZED' AND response_status IS NULL)
        OR (response_status = 402 AND status <> 'AUTHORIZATION_FAILED')`
  }
]

/** Hold once everything has come to rest. */
export const atRest: ReadonlyArray<Invariant> = [
  {
    name: "every_order_has_ended",
    query: `
      SELECT id, status, last_error FROM ledger.entries
      WHERE status NOT IN ('COMPLETED', 'FAILED', 'AUTHORIZATION_FAILED') AND parked_at IS NULL`
  },
  {
    name: "orphan_hold",
    query: `
      SELECT p.reference FROM payment.payments p LEFT JOIN ledger.all_entries e ON e.id = p.reference
      WHERE p.status IN ('AUTHORIZING', 'AUTHORIZED', 'CAPTURE_REFUSED') AND (e.id IS NULL OR e.parked_at IS NULL)`
  },
  {
    name: "leaked_reservation",
    query: `
      SELECT r.order_id FROM inventory.reservations r LEFT JOIN ledger.all_entries e ON e.id = r.order_id
      WHERE r.status = 'HELD' AND r.expires_at IS NULL AND (e.id IS NULL OR e.parked_at IS NULL)`
  },
  {
    name: "no_lease_outlives_its_order",
    query:
      "SELECT id FROM ledger.entries WHERE status IN ('COMPLETED', 'FAILED', 'AUTHORIZATION_FAILED') AND lease_until IS NOT NULL"
  }
]

export interface Verdict {
  readonly invariant: string
  readonly broken: ReadonlyArray<unknown>
}

/** Runs the invariants and answers those that are broken, with up to five rows each. An empty verdict is a clean one. */
export const judge = (invariants: ReadonlyArray<Invariant> = [...always, ...atRest]) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const verdicts = yield* Effect.forEach(invariants, ({ name, query }) =>
      Effect.map(sql.unsafe(`${query} LIMIT 5`), (broken): Verdict => ({ invariant: name, broken })))
    return verdicts.filter((verdict) =>
      verdict.broken.length > 0
    )
  })
