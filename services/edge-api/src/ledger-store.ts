import type { PlaceOrder } from "@surety/contracts/edge-api"
import type { OrderId } from "@surety/domain/ids"
import type { Currency } from "@surety/domain/money"
import type { OrderLine } from "@surety/domain/order"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { answerTo, type Authorized, type StoredAnswer } from "./answer.ts"

export interface NewEntry {
  readonly id: OrderId
  readonly shard: number
  readonly caller: string
  readonly idempotency_key: string
  readonly request_hash: Uint8Array
  readonly order: PlaceOrder
  readonly items: ReadonlyArray<OrderLine>
  readonly total_cents: bigint
  readonly currency: Currency
}

/** An entry whose authorization this process holds under a lease. */
export interface HeldEntry {
  readonly id: OrderId
  readonly fence: number
  readonly attempts: number
  readonly total_cents: number
  readonly currency: Currency
}

export interface KnownEntry {
  readonly id: OrderId
  readonly same_request: boolean
  readonly answer: StoredAnswer | undefined
}

type HeldRow = Omit<HeldEntry, "total_cents"> & { readonly total_cents: bigint }
const held = (rows: ReadonlyArray<HeldRow>) => rows.map((row) => ({ ...row, total_cents: Number(row.total_cents) }))

/** What can happen to a ledger entry until its payment is authorized or not. */
export class LedgerStore extends Context.Service<LedgerStore>()("surety/edge-api/LedgerStore", {
  make: Effect.fnUntraced(function*(lease: { readonly owner: string; readonly lease_millis: number }) {
    const sql = yield* SqlClient.SqlClient
    const leaseEnd = sql`now() + ${lease.lease_millis}::integer * interval '1 millisecond'`

    /** Insert first: the key's unique row decides between copies of one request, and nothing is checked before. */
    const insert = (entry: NewEntry) =>
      sql<HeldRow>`
        INSERT INTO ledger.entries (id, shard, caller, idempotency_key, request_hash, user_id, email, items,
          shipping_address, total_cents, currency, fence, lease_owner, lease_until)
        VALUES (${entry.id}, ${entry.shard}, ${entry.caller}, ${entry.idempotency_key}, ${entry.request_hash},
          ${entry.order.user_id}, ${entry.order.email}, ${JSON.stringify(entry.items)}::text::jsonb,
          ${JSON.stringify(entry.order.shipping_address ?? null)}::text::jsonb, ${entry.total_cents}, ${entry.currency},
          1, ${lease.owner}, ${leaseEnd})
        ON CONFLICT (caller, idempotency_key) DO NOTHING
        RETURNING id, fence, attempts, total_cents, currency`.pipe(
        Effect.map((rows) => held(rows)[0]),
        Effect.orDie
      )

    const findByKey = (caller: string, key: string, requestHash: Uint8Array) =>
      sql<{ id: OrderId; same_request: boolean; response_status: number | null; response_body: string | null }>`
        SELECT id, request_hash = ${requestHash} AS same_request, response_status, response_body
        FROM ledger.entries WHERE caller = ${caller} AND idempotency_key = ${key}`.pipe(
        Effect.map(([row]): KnownEntry | undefined =>
          row && {
            id: row.id,
            same_request: row.same_request,
            answer: row.response_status === null || row.response_body === null
              ? undefined
              : { status: row.response_status, body: row.response_body }
          }
        ),
        Effect.orDie
      )

    /** A retry takes over what a dead request left behind; never from a live one. */
    const takeOver = (id: OrderId) =>
      sql<HeldRow>`
        UPDATE ledger.entries SET fence = fence + 1, lease_owner = ${lease.owner}, lease_until = ${leaseEnd}
        WHERE id = ${id} AND status = 'AWAITING_AUTHORIZATION' AND response_status IS NULL
          AND (lease_until IS NULL OR lease_until < now())
        RETURNING id, fence, attempts, total_cents, currency`.pipe(
        Effect.map((rows) => held(rows)[0]),
        Effect.orDie
      )

    /** Entries whose authorization nobody is asking about, for the resolver. */
    const claimUnresolved = (limit: number) =>
      sql<HeldRow>`
        WITH free AS MATERIALIZED (
          SELECT e.id FROM ledger.due d JOIN ledger.entries e ON e.id = d.order_id
          WHERE d.next_run_at <= now() AND e.status = 'AWAITING_AUTHORIZATION'
            AND (e.lease_until IS NULL OR e.lease_until < now())
          ORDER BY d.order_id LIMIT ${limit} FOR UPDATE OF e SKIP LOCKED
        )
        UPDATE ledger.entries AS e SET fence = e.fence + 1, lease_owner = ${lease.owner}, lease_until = ${leaseEnd}
        FROM free WHERE e.id = free.id
        RETURNING e.id, e.fence, e.attempts, e.total_cents, e.currency`.pipe(Effect.map(held), Effect.orDie)

    /** Writes the outcome and the answer under the fence. False: somebody else has it now, and his answer counts. */
    const settle = (entry: HeldEntry, outcome: Authorized) => {
      const answer = answerTo(entry.id, outcome)
      const status = outcome._tag === "Authorized"
        ? "AUTHORIZED"
        : outcome._tag === "Declined"
        ? "AUTHORIZATION_FAILED"
        : "AWAITING_AUTHORIZATION"
      return sql`
        UPDATE ledger.entries SET
          status = ${status},
          authorization_id = ${outcome._tag === "Authorized" ? outcome.authorization_id : null}::uuid,
          reason = ${outcome._tag === "Declined" ? outcome.decline_code : null}::text,
          last_error = ${outcome._tag === "Unknown" ? outcome.detail.slice(0, 500) : null}::text,
          attempts = 0,
          response_status = coalesce(response_status, ${answer.status}),
          response_body = coalesce(response_body, ${answer.body}),
          lease_owner = NULL, lease_until = NULL, updated_at = now()
        WHERE id = ${entry.id} AND fence = ${entry.fence} AND status = 'AWAITING_AUTHORIZATION'
        RETURNING id`.pipe(Effect.map((rows) => rows.length === 1), Effect.orDie)
    }

    /** The answer is still not known: ask again after `waitMillis`. The stored response, if there is none, stays open. */
    const postpone = (entry: HeldEntry, waitMillis: number, error: string) =>
      sql`
        WITH postponed AS (
          UPDATE ledger.entries SET attempts = attempts + 1, last_error = ${error.slice(0, 500)},
            lease_owner = NULL, lease_until = NULL
          WHERE id = ${entry.id} AND fence = ${entry.fence} RETURNING id
        )
        UPDATE ledger.due SET next_run_at = now() + ${waitMillis}::integer * interval '1 millisecond'
        FROM postponed WHERE order_id = postponed.id`.pipe(Effect.orDie)

    return { insert, findByKey, takeOver, claimUnresolved, settle, postpone } as const
  })
}) {
  static readonly layer = (lease: { readonly owner: string; readonly lease_millis: number }) =>
    Layer.effect(this, this.make(lease))
}
