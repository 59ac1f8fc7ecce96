import type { SqlClient, Statement } from "effect/sql"

/** Sets the time of the status that entry `e` reaches with an update. Each is reached once; a time once set stays. */
export const reachedAt = (sql: SqlClient.SqlClient, reached: Statement.Fragment) =>
  sql`
    order_created_at = coalesce(e.order_created_at, CASE ${reached} WHEN 'ORDER_CREATED' THEN now() END),
    inventory_reserved_at = coalesce(e.inventory_reserved_at, CASE ${reached} WHEN 'INVENTORY_RESERVED' THEN now() END),
    payment_captured_at = coalesce(e.payment_captured_at, CASE ${reached} WHEN 'PAYMENT_CAPTURED' THEN now() END),
    compensating_at = coalesce(e.compensating_at, CASE ${reached} WHEN 'COMPENSATING' THEN now() END),
    ended_at = CASE WHEN ${reached} IN ('COMPLETED', 'FAILED') THEN now() END`
