import type { FindingState, FindingView } from "@surety/contracts/reconciliation-api"
import type { OrderId } from "@surety/domain/ids"
import type { RowOf } from "@surety/platform/rows"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { Verdict } from "./reconcile-verdict.ts"

/** With so many of them alive, no more are written down: something is wrong that no list of orders tells. */
const ALIVE_MAX = 2_000

export type FindingRow = Omit<RowOf<FindingView>, "remedy"> & { readonly remedy: Verdict["remedy"] }

/** A verdict on an order that was not known before. */
export interface Suspicion extends Verdict {
  readonly order_id: OrderId
  readonly seen: string
}

/** What becomes of a finding. Without a wait it has ended. */
export interface FindingChange {
  readonly state: FindingState
  readonly seen?: string
  readonly remedy?: Verdict["remedy"]
  readonly attempts?: number
  readonly last_error?: string | null
  readonly wait_millis?: number
}

/** What can happen to findings. Every time in them is the database's. */
export class FindingsStore extends Context.Service<FindingsStore>()("surety/orchestrator/FindingsStore", {
  make: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const columns = sql.literal(`
      id, kind, order_id, nullif(provider_id, '') AS provider_id, state, seen, remedy, attempts, last_error, note,
      to_json(first_seen_at) #>> '{}' AS first_seen_at, to_json(last_seen_at) #>> '{}' AS last_seen_at,
      to_json(CASE WHEN ended_at IS NULL THEN next_look_at END) #>> '{}' AS next_look_at,
      to_json(ended_at) #>> '{}' AS ended_at`)
    const alive = sql.literal("state IN ('SUSPECTED', 'OPEN', 'PARKED')")

    /** Of what is known already, or was accepted by a person as it stands, nothing new is written. */
    const suspect = (suspicions: ReadonlyArray<Suspicion>, waitMillis: number) =>
      suspicions.length === 0 ? Effect.void : sql`
        INSERT INTO ledger.findings (kind, order_id, provider_id, seen, remedy, next_look_at)
        SELECT s.kind, s.order_id, s.provider_id, s.seen, s.remedy,
          now() + ${waitMillis}::integer * interval '1 millisecond'
        FROM jsonb_to_recordset(${JSON.stringify(suspicions)}::text::jsonb) AS s (
          kind text, order_id uuid, provider_id text, seen text, remedy text
        )
        WHERE NOT EXISTS (
          SELECT FROM ledger.findings f
          WHERE f.order_id = s.order_id AND f.kind = s.kind AND f.provider_id = s.provider_id AND f.state = 'CLOSED'
            AND f.seen = s.seen
        ) AND (SELECT count(*) FROM ledger.findings WHERE ${alive}) < ${ALIVE_MAX}::integer
        ON CONFLICT (order_id, kind, provider_id) WHERE state IN ('SUSPECTED', 'OPEN', 'PARKED') DO NOTHING`

    /** Those whose time has come to be looked at again, the longest waiting first. */
    const due = (limit: number) =>
      sql<FindingRow>`
        SELECT ${columns} FROM ledger.findings WHERE ${alive} AND next_look_at <= now()
        ORDER BY ledger.findings.next_look_at LIMIT ${limit}`

    /** A suspicion that was none. */
    const forget = (ids: ReadonlyArray<string>) =>
      ids.length === 0 ? Effect.void : sql`
        DELETE FROM ledger.findings WHERE id = ANY (${ids}::uuid[]) AND state = 'SUSPECTED'`

    /** Changes a finding that is still as it was read, and answers it as it is then; so two never do the same to it. */
    const change = ({ attempts, id, state }: FindingRow, to: FindingChange) =>
      sql<FindingRow>`
        UPDATE ledger.findings SET
          state = ${to.state},
          seen = coalesce(${to.seen ?? null}::text, seen),
          remedy = CASE WHEN ${to.remedy !== undefined}::boolean THEN ${to.remedy ?? null}::text ELSE remedy END,
          attempts = ${to.attempts ?? attempts}::integer,
          last_error = CASE WHEN ${to.last_error !== undefined}::boolean THEN ${to.last_error ?? null}::text
            ELSE last_error END,
          last_seen_at = CASE WHEN ${to.seen !== undefined}::boolean THEN now() ELSE last_seen_at END,
          next_look_at = now() + ${to.wait_millis ?? 0}::integer * interval '1 millisecond',
          ended_at = CASE WHEN ${to.wait_millis === undefined}::boolean THEN now() END
        WHERE id = ${id} AND state = ${state} AND attempts = ${attempts}
        RETURNING ${columns}`.pipe(Effect.map((rows) => rows[0]))

    const find = (id: string) =>
      sql<FindingRow>`SELECT ${columns} FROM ledger.findings WHERE id = ${id}`.pipe(
        Effect.map((rows) => rows[0]),
        Effect.orDie
      )

    const list = (
      filter: { readonly state: FindingState | null; readonly before: string | null; readonly limit: number }
    ) =>
      sql<FindingRow>`
        SELECT ${columns} FROM ledger.findings
        WHERE (state = ${filter.state}::text OR ${filter.state}::text IS NULL AND state <> 'SUSPECTED')
          AND (${filter.before}::uuid IS NULL OR id < ${filter.before}::uuid)
        ORDER BY id DESC LIMIT ${filter.limit}`.pipe(Effect.orDie)

    /** A person has dealt with it. */
    const close = (id: string, note: string) =>
      sql<FindingRow>`
        UPDATE ledger.findings SET state = 'CLOSED', note = ${note}, ended_at = now()
        WHERE id = ${id} AND state IN ('OPEN', 'PARKED') RETURNING ${columns}`.pipe(
        Effect.map((rows) => rows[0]),
        Effect.orDie
      )

    /** A person wants it looked at again, now. */
    const retry = (id: string, note: string) =>
      sql<FindingRow>`
        WITH now_due AS (UPDATE ledger.reconciliation SET next_look_at = now())
        UPDATE ledger.findings SET state = 'OPEN', note = ${note}, attempts = 0, next_look_at = now()
        WHERE id = ${id} AND state = 'PARKED' RETURNING ${columns}`.pipe(
        Effect.map((rows) => rows[0]),
        Effect.orDie
      )

    /** How many there are, by kind and state. */
    const counts = sql<{ kind: FindingRow["kind"]; state: FindingState; findings: number }>`
      SELECT kind, state, count(*)::integer AS findings FROM ledger.findings GROUP BY kind, state`

    return { suspect, due, forget, change, find, list, close, retry, counts } as const
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}
