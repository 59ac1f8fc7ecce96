/** An order of one line, as it is handed from step to step. */
export interface Order {
  readonly id: string
  readonly user_id: string
  readonly email: string
  readonly product_id: string
  readonly cents: number
  readonly latitude: number
  readonly longitude: number
}

/**
 * A step of the order as hand-tuned SQL, for a set of any size, and idempotent: WITH-queries, and a last SELECT of one row,
 * so that what is written about the step can stand in the same statement. `$1` has the orders as JSON where the step needs
 * to know them, else their ids, of which the planner expects few, so that it looks each up.
 */
export interface Step {
  readonly does: string
  readonly last: string
}

export const asked = `asked AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset($1::text::jsonb) AS o (
    id uuid, user_id text, email text, product_id uuid, cents bigint, latitude float8, longitude float8
  )
)`

export const named = "named AS (SELECT id FROM unnest($1::uuid[]) AS n (id))"

export const itemsOf = (row: string) =>
  `jsonb_build_array(jsonb_build_object(
  'product_id', ${row}.product_id, 'quantity', 1, 'unit_price_cents', ${row}.cents
))`

export const create: Step = {
  does: `${asked}, created AS (
    INSERT INTO orders.orders (order_ledger_id, user_id, email, items, total_cents, currency, status)
    SELECT id, user_id, email, ${itemsOf("asked")}, cents, 'usd', 'PENDING' FROM asked
    WHERE NOT EXISTS (SELECT FROM orders.orders o WHERE o.order_ledger_id = asked.id)
  )`,
  last: "SELECT 1"
}

/** The nearest warehouse that has it; the CHECK on stock has the last word. */
export const reserve: Step = {
  does: `${asked}, chosen AS MATERIALIZED (
    SELECT a.id, a.product_id, w.id AS warehouse_id, w.meters
    FROM asked a CROSS JOIN LATERAL (
      SELECT w.id, w.location <-> ST_MakePoint(a.longitude, a.latitude)::geography AS meters
      FROM inventory.warehouses w
      JOIN inventory.stock s ON s.warehouse_id = w.id AND s.product_id = a.product_id
      WHERE s.on_hand > s.reserved
      ORDER BY w.location <-> ST_MakePoint(a.longitude, a.latitude)::geography LIMIT 1
    ) w
    WHERE NOT EXISTS (SELECT FROM inventory.reservations r WHERE r.order_id = a.id)
  ), held AS (
    INSERT INTO inventory.reservations (order_id, lines, decision, status)
    SELECT id, uuid_send(product_id) || uuid_send(warehouse_id) || int2send(1::smallint),
      json_build_object('m', round(meters)), 'HELD'
    FROM chosen ORDER BY id RETURNING lines
  )`,
  last: "SELECT inventory.change_stock(array_agg(lines), 0, 1) FROM held"
}

/** The provider has said yes; to ask it costs nothing here. */
export const capture: Step = {
  does: `${named}, captured AS (
    UPDATE payment.payments p SET status = 'CAPTURED', captured_cents = p.amount_cents, updated_at = now()
    FROM named WHERE p.reference = named.id AND p.status = 'AUTHORIZED'
  )`,
  last: "SELECT 1"
}

export const confirm: Step = {
  does: `${named}, committed AS (
    UPDATE inventory.reservations r SET status = 'COMMITTED'
    FROM named WHERE r.order_id = named.id AND r.status = 'HELD' RETURNING r.order_id, r.lines
  ), moved AS (
    INSERT INTO inventory.movements (cause_id, line, kind, product_id, warehouse_id, on_hand_delta)
    SELECT order_id, l.line, 'commit', l.product_id, l.warehouse_id, -l.quantity
    FROM committed, inventory.lines_of(lines) l ORDER BY 1, 2
  ), confirmed AS (
    UPDATE orders.orders o SET status = 'CONFIRMED', updated_at = now()
    FROM named WHERE o.order_ledger_id = named.id AND o.status = 'PENDING'
  )`,
  last: "SELECT inventory.change_stock(array_agg(lines), -1, -1) FROM committed"
}

/** The step as one statement. */
export const alone = ({ does, last }: Step): string => `WITH ${does} ${last}`
