import type { Event } from "@surety/contracts/events"
import type { SagaView } from "@surety/contracts/operations-api"
import type { OrderId } from "@surety/domain/ids"
import type { OrderStatus } from "@surety/domain/order-status"
import type { RowOf } from "@surety/platform/rows"
import type { Change } from "@surety/saga/decide"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { reachedAt } from "./reached-at.ts"

export type SagaRow = RowOf<Omit<SagaView, "next_step" | "order_ledger_id">> & { readonly id: OrderId }
type EventRow = RowOf<Event> & { readonly position: string }

/** What operators can see of the sagas and do to them. */
export class SagaStore extends Context.Service<SagaStore>()("surety/orchestrator/SagaStore", {
  make: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const columns = sql`
      id, status, undoing, reason, attempts, lease_owner, lease_expiries, fence, operator_note, last_error, parked_reason,
      encode(substring(trace_context FROM 1 FOR 16), 'hex') AS trace_id,
      (SELECT to_json(nullif(next_run_at, 'infinity')) #>> '{}' FROM ledger.due WHERE order_id = id) AS next_run_at,
      to_json(parked_at) #>> '{}' AS parked_at, to_json(lease_until) #>> '{}' AS lease_until,
      to_json(created_at) #>> '{}' AS created_at, to_json(updated_at) #>> '{}' AS updated_at`

    const find = (id: OrderId) =>
      sql<SagaRow>`SELECT ${columns} FROM ledger.all_entries WHERE id = ${id}`.pipe(
        Effect.map((rows) => rows[0]),
        Effect.orDie
      )

    const list = (filter: {
      readonly status: OrderStatus | null
      readonly parked: boolean | null
      readonly before: string | null
      readonly limit: number
    }) =>
      sql<SagaRow>`
        SELECT ${columns} FROM ledger.all_entries
        WHERE (${filter.status}::text IS NULL OR status = ${filter.status}::text)
          AND (${filter.parked}::boolean IS NULL OR (parked_at IS NOT NULL) = ${filter.parked}::boolean)
          AND (${filter.parked}::boolean IS NOT TRUE OR id IN (SELECT order_id FROM ledger.due))
          AND (${filter.before}::uuid IS NULL OR id < ${filter.before}::uuid)
        ORDER BY id DESC LIMIT ${filter.limit}`.pipe(Effect.orDie)

    /** Unparks, or calls forward a row that waits for its next attempt. A row somebody holds stays his. */
    const retry = (id: OrderId, note: string) =>
      sql`
        WITH called AS (
          UPDATE ledger.entries SET
            parked_at = NULL, parked_reason = NULL, attempts = 0, operator_note = ${note},
            fence = fence + 1, lease_owner = NULL, lease_until = NULL, updated_at = now()
          WHERE id = ${id} AND status <> 'AWAITING_AUTHORIZATION' AND id IN (SELECT order_id FROM ledger.due)
            AND (lease_until IS NULL OR lease_until < now())
          RETURNING id
        )
        UPDATE ledger.due SET next_run_at = now() FROM called WHERE order_id = called.id RETURNING order_id`.pipe(
        Effect.map((rows) => rows.length === 1),
        Effect.orDie
      )

    /** Applies a change that an operator ordered to a row that is still parked as he saw it. */
    const apply = (row: SagaRow, change: Change, note: string) =>
      sql`
        WITH called AS (
          UPDATE ledger.due SET next_run_at = now() WHERE order_id = ${row.id} RETURNING order_id
        )
        UPDATE ledger.entries AS e SET
          status = ${change.status}, undoing = ${change.undoing}::text, attempts = 0,
          reason = coalesce(${change.reason}::text, e.reason), ${reachedAt(sql, sql`${change.status}::text`)},
          parked_at = NULL, parked_reason = NULL, operator_note = ${note}, fence = fence + 1, updated_at = now()
        FROM called
        WHERE id = called.order_id AND fence = ${row.fence} AND parked_at IS NOT NULL
        RETURNING id`.pipe(Effect.map((rows) => rows.length === 1), Effect.orDie)

    const claiming = sql<{ paused: boolean; note: string | null }>`SELECT paused, note FROM ledger.claiming`.pipe(
      Effect.map((rows) => rows[0]!),
      Effect.orDie
    )
    const setClaiming = (paused: boolean, note: string | null) =>
      sql`UPDATE ledger.claiming SET paused = ${paused}, note = ${note}::text`.pipe(Effect.orDie)

    /** Transitions in commit order: only those whose transaction is older than every one still open. */
    const events = (after: string, limit: number) => {
      const [xact, id, place] = after.split(".")
      return sql<EventRow>`
        SELECT o.id AS order_ledger_id, t.from_status AS "from", t.to_status AS "to", t.reason,
          to_json(t.at) #>> '{}' AS at, t.xact || '.' || t.id || '.' || o.place AS position
        FROM ledger.transitions t, unnest(t.order_ids) WITH ORDINALITY AS o (id, place)
        WHERE (t.xact, t.id) >= (${xact}::bigint, ${id}::bigint)
          AND (t.xact, t.id, o.place) > (${xact}::bigint, ${id}::bigint, ${place}::bigint)
          AND t.xact < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
        ORDER BY t.xact, t.id, o.place LIMIT ${limit}`.pipe(Effect.orDie)
    }

    return { find, list, retry, apply, claiming, setClaiming, events } as const
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}
