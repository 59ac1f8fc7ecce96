import type { OrderId } from "@surety/domain/ids"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"

/** A record of ours that counts on a payment at the provider. */
export interface Claim {
  readonly reference: OrderId
  readonly provider_id: string
}

/** A refund that our books have as given. */
export interface GivenRefund {
  readonly key: string
  readonly amount_cents: number
}

/** The least id that an order of this moment can have: ids begin with their time (UUIDv7). */
const firstIdAt = (moment: Date): string => {
  const time = moment.getTime().toString(16).padStart(12, "0")
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`
}

/** What our records rely on the provider for. It reads, and changes nothing. */
export class ClaimsStore extends Context.Service<ClaimsStore>()("surety/payment/ClaimsStore", {
  make: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    /** The claims of orders of a stretch of time, newest first. */
    const between = (from: Date, before: Date, limit: number) =>
      sql<Claim>`
        SELECT reference, provider_id FROM payment.payments
        WHERE reference >= ${firstIdAt(from)}::uuid AND reference < ${firstIdAt(before)}::uuid
          AND provider_id IS NOT NULL AND status IN ('AUTHORIZED', 'CAPTURE_REFUSED', 'CAPTURED', 'REFUNDED')
        ORDER BY reference DESC LIMIT ${limit}`.pipe(Effect.orDie)

    /** The refunds of a payment that the provider is on record to have given. */
    const refundsGiven = (reference: OrderId) =>
      sql<GivenRefund>`
        SELECT key, amount_cents::float8 AS amount_cents FROM payment.refunds
        WHERE reference = ${reference} AND status = 'DONE' ORDER BY created_at, key`.pipe(Effect.orDie)

    return { between, refundsGiven } as const
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}
