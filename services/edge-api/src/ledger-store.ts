import { FIRST_ID, LAST_ID, type OrderId } from "@surety/domain/ids"
import type { Currency } from "@surety/domain/money"
import type { OrderLine, ShippingAddress } from "@surety/domain/order"
import { retryLocks, retryLostRaces } from "@surety/platform/database"
import { grouped, ONE_SET_AT_A_TIME } from "@surety/platform/grouped"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { answerTo, type Authorized, type StoredAnswer } from "./answer.ts"

export interface NewEntry {
  readonly id: OrderId
  readonly shard: number
  readonly caller: string
  readonly idempotency_key: string
  /** SHA-256, in hexadecimal. */
  readonly request_hash: string
  readonly user_id: string
  readonly email: string
  readonly items: ReadonlyArray<OrderLine>
  readonly shipping_address: ShippingAddress | undefined
  readonly total_cents: number
  readonly currency: Currency
  /** Of the span that sends the order on its way, in hexadecimal. */
  readonly trace_context: string | undefined
}

/** An entry whose authorization this process holds under a lease. */
export interface HeldEntry {
  readonly id: OrderId
  readonly fence: number
  readonly attempts: number
  readonly total_cents: number
  readonly currency: Currency
  /** As in {@link NewEntry}; what the resolver says of an order is said in its trace. */
  readonly trace_context: string | null
}

export interface KnownEntry {
  readonly id: OrderId
  readonly same_request: boolean
  readonly answer: StoredAnswer | undefined
}

type HeldRow = Omit<HeldEntry, "total_cents"> & { readonly total_cents: bigint }
const held = (rows: ReadonlyArray<HeldRow>) => rows.map((row) => ({ ...row, total_cents: Number(row.total_cents) }))

/** What became of an entry's authorization, to be written down. */
export interface Settlement {
  readonly entry: HeldEntry
  readonly outcome: Authorized
}

export interface Postponement {
  /** How often it has been asked in vain. */
  readonly attempts: number
  readonly wait_millis: number
  readonly error: string
}

const settlementRow = ({ entry, outcome }: Settlement) => {
  const { body, status } = answerTo(entry.id, outcome)
  const row = { id: entry.id, fence: entry.fence, response_status: status, response_body: body }
  switch (outcome._tag) {
    case "Authorized":
      return { ...row, response_body: null, status: "AUTHORIZED" }
    case "Declined":
      return { ...row, status: "AUTHORIZATION_FAILED", reason: outcome.decline_code }
    case "Unknown":
      return { ...row, status: "AWAITING_AUTHORIZATION", last_error: outcome.detail.slice(0, 500) }
  }
}

const FIRST_FENCE = 1
/** How long an order waits for others: those that are written together are authorized together from then on. */
const GATHER_MILLIS = 8
/** How many tickets one look for unresolved authorizations goes through. */
const TICKETS_A_LOOK = 1_000
/** What can happen to a ledger entry until its payment is authorized or not. */
export class LedgerStore extends Context.Service<LedgerStore>()("surety/edge-api/LedgerStore", {
  make: Effect.fnUntraced(function*(lease: { readonly owner: string; readonly lease_millis: number }) {
    const sql = yield* SqlClient.SqlClient
    const leaseEnd = sql`now() + ${lease.lease_millis}::integer * interval '1 millisecond'`

    /**
     * The key's unique row decides between copies of one request. Keys that are known are left out, so that a repetition
     * does not fail its set; of two at once the later one fails, and looks again. In the order of the keys, so that two
     * sets with the same keys never wait for each other in a circle.
     */
    const insert = (entries: ReadonlyArray<NewEntry>) =>
      sql<{ id: OrderId }>`
        INSERT INTO ledger.entries (id, shard, caller, idempotency_key, request_hash, user_id, email, items,
          shipping_address, total_cents, currency, trace_context, fence, lease_owner, lease_until)
        SELECT DISTINCT ON (caller, idempotency_key)
          id, shard, caller, idempotency_key, decode(request_hash, 'hex'), user_id, email, items,
          shipping_address, total_cents, currency, decode(trace_context, 'hex'), ${FIRST_FENCE}::integer, ${lease.owner}, ${leaseEnd}
        FROM jsonb_to_recordset(${JSON.stringify(entries)}::text::jsonb) AS e (
          id uuid, shard smallint, caller text, idempotency_key text, request_hash text, user_id text, email text,
          items jsonb, shipping_address jsonb, total_cents bigint, currency text,
          trace_context text
        )
        WHERE NOT EXISTS (
          SELECT FROM ledger.entries known
          WHERE known.caller = e.caller AND known.idempotency_key = e.idempotency_key
        ) AND NOT EXISTS (
          SELECT FROM ledger.archive known
          WHERE known.caller = e.caller AND known.idempotency_key = e.idempotency_key
        )
        ORDER BY caller, idempotency_key
        RETURNING id`.pipe(
        retryLostRaces,
        Effect.map((rows) => {
          const inserted = new Set(rows.map(({ id }) => id))
          return entries.map(({ currency, id, total_cents, trace_context = null }): HeldEntry | undefined =>
            inserted.has(id) ? { id, fence: FIRST_FENCE, attempts: 0, total_cents, currency, trace_context } : undefined
          )
        }),
        Effect.orDie
      )

    const findByKey = (caller: string, key: string, requestHash: string) =>
      sql<{ id: OrderId; same_request: boolean; response_status: number | null; response_body: string | null }>`
        SELECT id, request_hash = decode(${requestHash}, 'hex') AS same_request, response_status, response_body
        FROM ledger.all_entries WHERE caller = ${caller} AND idempotency_key = ${key}`.pipe(
        Effect.map(([row]): KnownEntry | undefined =>
          row && {
            id: row.id,
            same_request: row.same_request,
            answer: row.response_status === null
              ? undefined
              : row.response_body === null
              ? answerTo(row.id, { _tag: "Authorized" })
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
        RETURNING id, fence, attempts, total_cents, currency, encode(trace_context, 'hex') AS trace_context`.pipe(
        Effect.map((rows) => held(rows)[0]),
        Effect.orDie
      )

    const claimUnresolvedAmong = (after: string, upTo: string, limit: number) =>
      sql<HeldRow>`
        WITH free AS MATERIALIZED (
          SELECT e.id FROM (
            SELECT order_id FROM ledger.due
            WHERE order_id > ${after}::uuid AND order_id <= ${upTo}::uuid AND next_run_at <= now()
            ORDER BY order_id OFFSET 0
          ) d CROSS JOIN LATERAL (
            SELECT id FROM ledger.entries
            WHERE id = d.order_id AND status = 'AWAITING_AUTHORIZATION' AND (lease_until IS NULL OR lease_until < now())
            LIMIT 1 FOR UPDATE SKIP LOCKED
          ) e LIMIT ${limit}
        )
        UPDATE ledger.entries AS e SET fence = e.fence + 1, lease_owner = ${lease.owner}, lease_until = ${leaseEnd}
        FROM free WHERE e.id = free.id
        RETURNING e.id, e.fence, e.attempts, e.total_cents, e.currency,
          encode(e.trace_context, 'hex') AS trace_context`.pipe(Effect.map(held), Effect.orDie)

    /**
     * Entries whose authorization nobody is asking about, for the resolver. They are few among many that wait for an
     * orchestrator, so a call looks through so many tickets only, and the next one goes on from there.
     */
    let after: string = FIRST_ID
    const claimUnresolved = Effect.fnUntraced(function*(limit: number) {
      const [end] = yield* sql<{ order_id: string }>`
        SELECT order_id FROM ledger.due WHERE order_id > ${after}::uuid
        ORDER BY order_id OFFSET ${TICKETS_A_LOOK} LIMIT 1`.pipe(Effect.orDie)
      const rows = yield* claimUnresolvedAmong(after, end?.order_id ?? LAST_ID, limit)
      if (rows.length < limit) after = end?.order_id ?? FIRST_ID
      return rows
    })

    /** Writes outcomes and answers under the fence. False: somebody else has it now, and his answer counts. */
    const settle = (settlements: ReadonlyArray<Settlement>) =>
      retryLocks(sql<{ id: OrderId }>`
        UPDATE ledger.entries AS e SET
          status = s.status,
          reason = s.reason,
          last_error = s.last_error,
          attempts = 0,
          response_status = coalesce(e.response_status, s.response_status),
          response_body = coalesce(e.response_body, s.response_body),
          lease_owner = NULL, lease_until = NULL, updated_at = now(),
          authorized_at = CASE s.status WHEN 'AUTHORIZED' THEN now() END,
          ended_at = CASE s.status WHEN 'AUTHORIZATION_FAILED' THEN now() END
        FROM jsonb_to_recordset(${JSON.stringify(settlements.map(settlementRow))}::text::jsonb) AS s (
          id uuid, fence integer, status text, reason text, last_error text,
          response_status smallint, response_body text
        )
        WHERE e.id = ANY (${
        settlements.map(({ entry }) => entry.id)
      }::uuid[]) AND e.id = s.id AND e.fence = s.fence AND e.status = 'AWAITING_AUTHORIZATION'
        RETURNING e.id`).pipe(
        Effect.map((rows) => {
          const settled = new Set(rows.map(({ id }) => id))
          return settlements.map(({ entry }) => settled.has(entry.id))
        }),
        Effect.orDie
      )

    /** The answer is still not known: to be asked again. The stored response, if there is none, stays open. */
    const postpone = (entry: HeldEntry, { attempts, error, wait_millis }: Postponement) =>
      sql`
        WITH postponed AS (
          UPDATE ledger.entries SET attempts = ${attempts}::integer, last_error = ${error.slice(0, 500)},
            lease_owner = NULL, lease_until = NULL
          WHERE id = ${entry.id} AND fence = ${entry.fence} RETURNING id
        )
        UPDATE ledger.due SET next_run_at = now() + ${wait_millis}::integer * interval '1 millisecond'
        FROM postponed WHERE order_id = postponed.id`.pipe(Effect.orDie)

    return {
      insert: yield* grouped({ ...ONE_SET_AT_A_TIME, gather_millis: GATHER_MILLIS }, insert),
      findByKey,
      takeOver,
      claimUnresolved,
      settle: yield* grouped(ONE_SET_AT_A_TIME, settle),
      postpone
    } as const
  })
}) {
  static readonly layer = (lease: { readonly owner: string; readonly lease_millis: number }) =>
    Layer.effect(this, this.make(lease))
}
