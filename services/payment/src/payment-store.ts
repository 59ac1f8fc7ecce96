import type { Payment } from "@surety/contracts/payment-api"
import type { OrderId } from "@surety/domain/ids"
import { retryLocks, retryLostRaces } from "@surety/platform/database"
import { grouped, ONE_SET_AT_A_TIME } from "@surety/platform/grouped"
import type { RowOf } from "@surety/platform/rows"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"

/** A payment as stored; the token is there only while the provider's answer is unknown. */
export type PaymentRow = RowOf<Payment> & { readonly token: string | null }

/** A definite answer of the provider about one payment, to be written down. */
export interface Finding {
  readonly reference: OrderId
  readonly status: "AUTHORIZED" | "DECLINED" | "CAPTURED" | "CAPTURE_REFUSED" | "VOIDED"
  readonly provider_id?: string
  readonly captured_cents?: number
  readonly refusal_code?: string
}

/** What is to be authorized, written down before the provider is asked. */
export interface Intent {
  readonly reference: OrderId
  readonly amount_cents: number
  readonly currency: string
  readonly token: string
}

/** The row of each item, in the order of the items, where there is one. */
const inOrderOf = (items: ReadonlyArray<{ readonly reference: OrderId }>) => (rows: ReadonlyArray<PaymentRow>) => {
  const byReference = new Map(rows.map((row) => [row.reference, row]))
  return items.map(({ reference }) => byReference.get(reference))
}

/** What can happen to payments. The CHECKs and the trigger of the schema refuse everything else. */
export class PaymentStore extends Context.Service<PaymentStore>()("surety/payment/PaymentStore", {
  make: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const columns = sql`
      p.reference AS authorization_id, p.reference, p.status, p.amount_cents::float8 AS amount_cents, p.currency,
      p.captured_cents::float8 AS captured_cents, p.refunded_cents::float8 AS refunded_cents, p.provider_id,
      p.refusal_code, p.token, to_json(p.created_at) #>> '{}' AS created_at, to_json(p.updated_at) #>> '{}' AS updated_at`

    const byReferences = (references: ReadonlyArray<OrderId>) =>
      sql<PaymentRow>`SELECT ${columns} FROM payment.payments p WHERE p.reference = ANY(${references}::uuid[])`.pipe(
        Effect.map((rows): ReadonlyMap<OrderId, PaymentRow> => new Map(rows.map((row) => [row.reference, row]))),
        Effect.orDie
      )

    /** The intents, before the provider hears of them. Of several copies one row stands; answers the rows that are these. */
    const intend = (payments: ReadonlyArray<Intent>) =>
      sql<PaymentRow>`
        INSERT INTO payment.payments AS p (reference, amount_cents, currency, token)
        SELECT DISTINCT ON (reference) reference, amount_cents, currency, token
        FROM jsonb_to_recordset(${JSON.stringify(payments)}::text::jsonb) AS i (
          reference uuid, amount_cents bigint, currency text, token text
        )
        WHERE NOT EXISTS (SELECT FROM payment.payments known WHERE known.reference = i.reference)
        ORDER BY reference
        RETURNING ${columns}`.pipe(retryLostRaces, Effect.map(inOrderOf(payments)), Effect.orDie)

    /** Rows of VOIDED for references never heard of, so that a late authorization finds the door shut. */
    const entomb = (references: ReadonlyArray<OrderId>) =>
      sql`
        INSERT INTO payment.payments (reference, amount_cents, currency, status)
        SELECT reference, 0, 'usd', 'VOIDED' FROM unnest(${references}::uuid[]) AS r (reference)
        ORDER BY reference
        ON CONFLICT (reference) DO NOTHING`.pipe(Effect.orDie)

    /**
     * Writes findings of a whole set in one statement and answers the rows it changed. A row moves only from a status the
     * finding may follow, so a slow worker's late finding changes nothing.
     */
    const record = (findings: ReadonlyArray<Finding>) =>
      findings.length === 0 ? Effect.succeed([]) : retryLocks(sql<PaymentRow>`
        UPDATE payment.payments AS p SET
          status = f.status,
          provider_id = coalesce(f.provider_id, p.provider_id),
          captured_cents = coalesce(f.captured_cents, p.captured_cents),
          refusal_code = coalesce(f.refusal_code, p.refusal_code),
          token = NULL,
          updated_at = now()
        FROM jsonb_to_recordset(${JSON.stringify(findings)}::text::jsonb) AS f (
          reference uuid, status text, provider_id text, captured_cents bigint, refusal_code text
        )
        WHERE p.reference = ANY (${findings.map(({ reference }) => reference)}::uuid[]) AND p.reference = f.reference
          AND (p.status, f.status) IN (
          ('AUTHORIZING', 'AUTHORIZED'), ('AUTHORIZING', 'DECLINED'), ('AUTHORIZED', 'CAPTURED'),
          ('AUTHORIZED', 'CAPTURE_REFUSED'), ('AUTHORIZED', 'VOIDED'), ('CAPTURE_REFUSED', 'VOIDED'),
          ('CAPTURE_REFUSED', 'CAPTURED'))
        RETURNING ${columns}`).pipe(Effect.orDie)

    return {
      byReferences,
      entomb,
      record,
      /** {@link intend} and {@link record} for those who come one by one: together when they come at once. */
      intendOne: yield* grouped(ONE_SET_AT_A_TIME, intend),
      recordOne: yield* grouped(
        ONE_SET_AT_A_TIME,
        (findings: ReadonlyArray<Finding>) => Effect.map(record(findings), inOrderOf(findings))
      )
    } as const
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}
