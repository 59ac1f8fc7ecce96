import { FIRST_ID } from "@surety/domain/ids"
import { databaseDefectsAsFailures, retryLocks } from "@surety/platform/database"
import type { Journal, Recording } from "@surety/saga/journal"
import { Clock, Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { LedgerRow } from "./ledger-row.ts"
import { reachedAt } from "./reached-at.ts"

export interface LeaseSettings {
  /** Who holds the lease: unique a process. */
  readonly owner: string
  /** Longer than any call; after it another worker may take the row. */
  readonly lease_millis: number
}

/**
 * A ticket is deleted at the end of its order, but what is left of it must be stepped over as long as any transaction that
 * is older stays open, such as a report. So most claims begin at the oldest ticket there was at the last look at all of
 * them, and at least so long ago: a ticket may come a little later than its id says, and one that was parked is old. All
 * are looked at every second, and if that takes long, more rarely: for a two-thousandth of the time, and every 15 s at least.
 */
const LATE_MILLIS = 10_000
const ALL_EVERY_MILLIS = 1_000
const ALL_RARELY = 2_000
const ALL_AT_LEAST_EVERY_MILLIS = 15_000
const NANOS_A_MILLI = 1_000_000n

/** A lease is renewed once less than this share of it is left: most orders end before. */
const LEASE_KEPT = 0.75

type ClaimedRow = Omit<LedgerRow, "total_cents"> & { readonly total_cents: bigint }

/** The ledger as the saga's journal. Every time in it is the database's. */
export class LedgerJournal extends Context.Service<LedgerJournal, Journal<LedgerRow, SqlError.SqlError>>()(
  "surety/orchestrator/LedgerJournal"
) {
  static readonly layer = (settings: LeaseSettings) =>
    Layer.effect(
      LedgerJournal,
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient

        const leaseOf = (share: number) =>
          sql`now() + ${Math.round(settings.lease_millis * share)}::integer * interval '1 millisecond'`

        /**
         * One short statement: due rows nobody holds, oldest first, skipping what another worker is claiming now. Ticket by
         * ticket until there are enough, whatever the planner believes about how many there are.
         */
        const claimFrom = (from: string, limit: number) =>
          sql<ClaimedRow>`
            WITH free AS MATERIALIZED (
              SELECT e.id, e.lease_until, d.next_run_at FROM (
                SELECT order_id, next_run_at FROM ledger.due
                WHERE order_id >= ${from}::uuid
                  AND next_run_at <= now() AND NOT (SELECT paused FROM ledger.claiming)
                ORDER BY order_id OFFSET 0
              ) d CROSS JOIN LATERAL (
                SELECT id, lease_until FROM ledger.entries
                WHERE id = d.order_id AND (lease_until IS NULL OR lease_until < now())
                  AND status <> 'AWAITING_AUTHORIZATION' AND parked_at IS NULL
                LIMIT 1 FOR UPDATE SKIP LOCKED
              ) e LIMIT ${limit}
            )
            UPDATE ledger.entries AS e SET
              fence = e.fence + 1,
              lease_owner = ${settings.owner},
              lease_until = ${leaseOf(1)},
              lease_expiries = e.lease_expiries + (e.lease_until IS NOT NULL)::integer
            FROM free WHERE e.id = free.id
            RETURNING e.id, e.status, e.undoing, e.attempts, e.fence, e.lease_expiries, e.caller, e.user_id, e.email,
              e.items, e.shipping_address, e.total_cents, e.currency, e.reason,
              encode(e.trace_context, 'hex') AS trace_context,
              extract(epoch FROM e.created_at)::float8 * 1000 AS accepted_millis,
              extract(epoch FROM now() - e.authorized_at)::float8 * 1000 AS age_millis,
              extract(epoch FROM now() - greatest(free.next_run_at, free.lease_until, e.authorized_at))::float8 * 1000
                AS wait_millis,
              free.lease_until IS NOT NULL AS recovered`.pipe(
            Effect.map((rows) => rows.map((row): LedgerRow => ({ ...row, total_cents: Number(row.total_cents) }))),
            databaseDefectsAsFailures
          )

        /** Where a look that finds every order begins: at the oldest that is not parked, or a little while ago. */
        const oldest = sql<{ id: string }>`
          SELECT least(
            (SELECT order_id FROM ledger.due WHERE next_run_at < 'infinity' ORDER BY order_id LIMIT 1),
            ledger.first_id_at(now() - ${LATE_MILLIS}::integer * interval '1 millisecond')
          ) AS id`

        let from: string = FIRST_ID
        let lookAtAllFrom = 0
        // By a clock that nobody can set.
        const millis = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos / NANOS_A_MILLI))
        const claim = Effect.fnUntraced(function*(limit: number) {
          const begun = yield* millis
          if (begun < lookAtAllFrom) return yield* claimFrom(from, limit)
          const rows = yield* claimFrom(FIRST_ID, limit)
          // What is claimed is claimed, whether or not the next look knows where to begin.
          const [found] = yield* Effect.catchCause(oldest, () => Effect.succeed([]))
          from = found?.id ?? FIRST_ID
          const rest = Math.max(ALL_EVERY_MILLIS, ((yield* millis) - begun) * ALL_RARELY)
          lookAtAllFrom = begun + Math.min(rest, ALL_AT_LEAST_EVERY_MILLIS)
          return rows
        })

        /**
         * Writes under the fence a row was claimed with. No locks are taken in an order of their own: only the holder of
         * a lease writes a row, claims skip what is locked, so two workers never wait for each other in a circle. The ids
         * come as an array too: a plan made while the table was empty would otherwise read all of it for ever.
         */
        const record = (recordings: ReadonlyArray<Recording>) => {
          const ids = recordings.map((recording) => recording.id)
          return retryLocks(sql<{ id: string }>`
            WITH change AS MATERIALIZED (
              SELECT * FROM jsonb_to_recordset(${JSON.stringify(recordings)}::text::jsonb) AS c (
                id uuid, fence integer, status text, undoing text, attempts integer, wait_millis integer, reason text,
                last_error text, parked_reason text, keep_lease boolean, facts jsonb
              )
            ), recorded AS (
              UPDATE ledger.entries AS e SET
                status = c.status, ${reachedAt(sql, sql`c.status`)},
                undoing = c.undoing,
                attempts = c.attempts,
                reason = coalesce(c.reason, e.reason),
                last_error = c.last_error,
                warehouse_id = coalesce((c.facts ->> 'warehouse_id')::uuid, e.warehouse_id),
                parked_reason = c.parked_reason,
                parked_at = CASE WHEN c.parked_reason IS NOT NULL THEN now() END,
                lease_owner = CASE WHEN c.keep_lease THEN e.lease_owner END,
                lease_until = CASE
                  WHEN c.keep_lease AND e.lease_until > ${leaseOf(LEASE_KEPT)} THEN e.lease_until
                  WHEN c.keep_lease THEN ${leaseOf(1)}
                END,
                updated_at = now()
              FROM change c
              WHERE e.id = ANY (${ids}::uuid[]) AND e.id = c.id AND e.fence = c.fence
                AND e.lease_owner = ${settings.owner}
              RETURNING e.id, c.wait_millis, c.parked_reason
            ), later AS (
              UPDATE ledger.due d SET next_run_at = CASE
                WHEN r.parked_reason IS NOT NULL THEN 'infinity'
                ELSE now() + r.wait_millis * interval '1 millisecond'
              END
              FROM recorded r
              WHERE d.order_id = ANY (${ids}::uuid[]) AND d.order_id = r.id AND (r.parked_reason IS NOT NULL OR r.wait_millis > 0)
            )
            SELECT id FROM recorded`).pipe(
            Effect.map((rows): ReadonlySet<string> => new Set(rows.map((row) => row.id))),
            databaseDefectsAsFailures
          )
        }

        return LedgerJournal.of({ claim, record })
      })
    )
}
