import type { OrderId } from "@surety/domain/ids"
import { retryLocks } from "@surety/platform/database"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"

export interface RefundRow {
  readonly reference: OrderId
  readonly key: string
  readonly amount_cents: number
  readonly status: "REQUESTED" | "DONE" | "REFUSED"
}

/** What can happen to refunds: asked for within what was captured, then done or refused, once a key. */
export class RefundStore extends Context.Service<RefundStore>()("surety/payment/RefundStore", {
  make: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    /**
     * The intent, before the provider hears of it. The payment's row is locked, so that refunds under different keys can
     * not together ask for more than was captured. `undefined` amount: all that is left. Answers no row when nothing fits.
     */
    const intend = (reference: OrderId, key: string, amountCents: number | undefined) =>
      retryLocks(sql.withTransaction(Effect.gen(function*() {
        yield* sql`SELECT 1 FROM payment.payments WHERE reference = ${reference} FOR NO KEY UPDATE`
        yield* sql`
          INSERT INTO payment.refunds (reference, key, amount_cents)
          SELECT p.reference, ${key}, coalesce(${amountCents ?? null}::bigint, p.captured_cents - asked.cents)
          FROM payment.payments p, LATERAL (
            SELECT coalesce(sum(r.amount_cents), 0)::bigint AS cents FROM payment.refunds r
            WHERE r.reference = p.reference AND r.status <> 'REFUSED'
          ) AS asked
          WHERE p.reference = ${reference} AND p.status = 'CAPTURED'
            AND coalesce(${amountCents ?? null}::bigint, p.captured_cents - asked.cents)
              BETWEEN 1 AND p.captured_cents - asked.cents
          ON CONFLICT (reference, key) DO NOTHING`
        const rows = yield* sql<RefundRow>`
          SELECT reference, key, amount_cents::float8 AS amount_cents, status FROM payment.refunds
          WHERE reference = ${reference} AND key = ${key}`
        return rows[0]
      }))).pipe(Effect.orDie)

    /** The money is back: the refund and the payment's sum in one statement, once. */
    const done = (refund: RefundRow, providerRefundId: string) =>
      sql`
        WITH refund AS (
          UPDATE payment.refunds SET status = 'DONE', provider_refund_id = ${providerRefundId}
          WHERE reference = ${refund.reference} AND key = ${refund.key} AND status = 'REQUESTED'
          RETURNING reference, amount_cents
        )
        UPDATE payment.payments AS p SET
          refunded_cents = p.refunded_cents + refund.amount_cents,
          status = CASE WHEN p.refunded_cents + refund.amount_cents = p.captured_cents THEN 'REFUNDED' ELSE p.status END,
          updated_at = now()
        FROM refund WHERE p.reference = refund.reference`.pipe(Effect.orDie)

    const refused = (refund: RefundRow) =>
      sql`
        UPDATE payment.refunds SET status = 'REFUSED'
        WHERE reference = ${refund.reference} AND key = ${refund.key} AND status = 'REQUESTED'`.pipe(
        Effect.orDie
      )

    return { intend, done, refused } as const
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}
