import { asked, capture, confirm, itemsOf, named, reserve, type Step } from "./order-steps.ts"

/** The intent, before the provider hears of it: entry, ticket, transition, payment. */
export const accept = `
  WITH ${asked}, intended AS (
    INSERT INTO payment.payments (reference, amount_cents, currency, token)
    SELECT id, cents, 'usd', 'tok_visa_success' FROM asked
  )
  INSERT INTO ledger.entries (id, shard, caller, idempotency_key, request_hash, user_id, email, items,
    shipping_address, total_cents, currency, fence, lease_owner, lease_until)
  SELECT id, 0, 'public', 'limit-' || id, sha256(uuid_send(id)), user_id, email, ${itemsOf("asked")},
    jsonb_build_object('location', jsonb_build_object('latitude', latitude, 'longitude', longitude)), cents, 'usd',
    1, $2, now() + interval '15 seconds'
  FROM asked ORDER BY id`

/** What the provider said, and the answer that the customer got. */
export const settle = `
  WITH ${named}, authorized AS (
    UPDATE payment.payments p
    SET status = 'AUTHORIZED', provider_id = 'pi_' || md5(p.reference::text), token = NULL, updated_at = now()
    FROM named WHERE p.reference = named.id AND p.status = 'AUTHORIZING'
  )
  UPDATE ledger.entries e SET status = 'AUTHORIZED', authorized_at = now(), updated_at = now(), lease_owner = NULL,
    lease_until = NULL, response_status = 202,
    response_body = '{"order_ledger_id":"' || e.id || '","status":"AUTHORIZED","message":"Order received, processing"}'
  FROM named WHERE e.id = named.id AND e.lease_owner = $2`

/** Takes a set of due orders and answers what the steps need of them. */
const claimed = `free AS MATERIALIZED (
    SELECT e.* FROM (
      SELECT order_id FROM ledger.due WHERE next_run_at <= now() ORDER BY order_id OFFSET 0
    ) d CROSS JOIN LATERAL (
      SELECT id, user_id, email, items, shipping_address, total_cents FROM ledger.entries
      WHERE id = d.order_id AND (lease_until IS NULL OR lease_until < now()) AND status = 'AUTHORIZED'
      LIMIT 1 FOR UPDATE SKIP LOCKED
    ) e LIMIT $1
  )`

/** The claim and the first step in one. */
export const claimAndCreate = `
  WITH ${claimed}, created AS (
    INSERT INTO orders.orders (order_ledger_id, user_id, email, items, total_cents, currency, status)
    SELECT id, user_id, email, items, total_cents, 'usd', 'PENDING' FROM free
  )
  UPDATE ledger.entries e SET status = 'ORDER_CREATED', order_created_at = now(), updated_at = now(),
    fence = e.fence + 1, lease_owner = $2, lease_until = now() + interval '30 seconds'
  FROM free WHERE e.id = free.id
  RETURNING e.id, e.user_id, e.email, e.items -> 0 ->> 'product_id' AS product_id, e.total_cents::float8 AS cents,
    (e.shipping_address #>> '{location,latitude}')::float8 AS latitude,
    (e.shipping_address #>> '{location,longitude}')::float8 AS longitude`

/** A step, and in the same statement that it was done. */
const recorded = ({ does, last }: Step, set: string, from = "named") => `
  WITH ${does}, acted AS MATERIALIZED (${last})
  UPDATE ledger.entries e SET ${set}, updated_at = now() FROM ${from} done, acted
  WHERE e.id = done.id AND e.lease_owner = $2`

export const reserveAndRecord = recorded(
  reserve,
  "status = 'INVENTORY_RESERVED', inventory_reserved_at = now(), warehouse_id = done.warehouse_id",
  "chosen"
)
export const captureAndRecord = recorded(capture, "status = 'PAYMENT_CAPTURED', payment_captured_at = now()")
export const confirmAndRecord = recorded(
  confirm,
  "status = 'COMPLETED', ended_at = now(), lease_owner = NULL, lease_until = NULL"
)
