import { databaseDefectsAsFailures, retryLocks } from "@surety/platform/database"
import type { Journal, Recording } from "@surety/saga/journal"
import { Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { LedgerRow } from "./ledger-row.ts"

export interface LeaseSettings {
  /** Who holds the lease: unique a process. */
  readonly owner: string
  /** Longer than any call; after it another worker may take the row. */
  readonly lease_millis: number
}

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

        /** One short statement: due rows nobody holds, oldest first, skipping what another worker is claiming now. */
        const claim = (limit: number) =>
          sql<ClaimedRow>`
            WITH due AS MATERIALIZED (
              SELECT id FROM ledger.entries
              WHERE outcome IS NULL AND next_run_at <= now() AND (lease_until IS NULL OR lease_until < now())
                AND status <> 'AWAITING_AUTHORIZATION' AND NOT (SELECT paused FROM ledger.claiming)
              ORDER BY next_run_at, id
              LIMIT ${limit}
              FOR UPDATE SKIP LOCKED
            )
            UPDATE ledger.entries AS e SET
              fence = e.fence + 1,
              lease_owner = ${settings.owner},
              lease_until = now() + ${settings.lease_millis}::integer * interval '1 millisecond',
              lease_expiries = e.lease_expiries + (e.lease_until IS NOT NULL)::integer
            FROM due WHERE e.id = due.id
            RETURNING e.id, e.status, e.undoing, e.attempts, e.fence, e.lease_expiries, e.caller, e.user_id, e.email,
              e.items, e.shipping_address, e.total_cents, e.currency, e.reason`.pipe(
            Effect.map((rows) => rows.map((row): LedgerRow => ({ ...row, total_cents: Number(row.total_cents) }))),
            databaseDefectsAsFailures
          )

        /** The rows are locked in id order and written only under the fence they were claimed with. */
        const record = (recordings: ReadonlyArray<Recording>) =>
          retryLocks(sql<{ id: string }>`
            WITH change AS (
              SELECT * FROM jsonb_to_recordset(${JSON.stringify(recordings)}::jsonb) AS c (
                id uuid, fence integer, status text, undoing text, attempts integer, wait_millis integer, reason text,
                last_error text, parked_reason text, ended boolean, keep_lease boolean, facts jsonb
              )
            ), held AS MATERIALIZED (
              SELECT e.id FROM ledger.entries e JOIN change c ON e.id = c.id AND e.fence = c.fence
              WHERE e.outcome IS NULL AND e.parked_at IS NULL
              ORDER BY e.id FOR NO KEY UPDATE OF e
            )
            UPDATE ledger.entries AS e SET
              status = c.status,
              undoing = c.undoing,
              attempts = c.attempts,
              reason = coalesce(c.reason, e.reason),
              last_error = c.last_error,
              warehouse_id = coalesce((c.facts ->> 'warehouse_id')::uuid, e.warehouse_id),
              parked_reason = c.parked_reason,
              parked_at = CASE WHEN c.parked_reason IS NOT NULL THEN now() END,
              next_run_at = CASE
                WHEN c.parked_reason IS NOT NULL THEN 'infinity'
                WHEN c.wait_millis > 0 THEN now() + c.wait_millis * interval '1 millisecond'
                ELSE e.next_run_at
              END,
              lease_owner = CASE WHEN c.keep_lease THEN ${settings.owner} END,
              lease_until = CASE
                WHEN c.keep_lease THEN now() + ${settings.lease_millis}::integer * interval '1 millisecond'
              END,
              outcome = CASE WHEN c.ended THEN c.status END,
              updated_at = now()
            FROM change c JOIN held ON held.id = c.id
            WHERE e.id = c.id AND e.fence = c.fence
            RETURNING e.id`).pipe(
            Effect.map((rows): ReadonlySet<string> => new Set(rows.map((row) => row.id))),
            databaseDefectsAsFailures
          )

        return LedgerJournal.of({ claim, record })
      })
    )
}
