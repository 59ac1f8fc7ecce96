import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { Place } from "./reconcile-suspects.ts"

export interface ProgressSettings {
  /** Who holds the lease: unique a process. */
  readonly owner: string
  readonly every_millis: number
  readonly grace_millis: number
  readonly lease_millis: number
  /** How far back a round goes. */
  readonly days: number
  /** Of the time, for going round. */
  readonly round_percent: number
}

/** A look that this process is to take, and how far the looks before it came. */
export interface Turn {
  readonly fence: number
  /** What the provider made before then is old enough to be judged. */
  readonly ripe_until: Date
  readonly listed_until: Date
  readonly ended: Place
  readonly round_until: Date | null
  readonly round_is_due: boolean
  readonly round_from: Date
}

/** How far a look came. */
export interface Advance {
  readonly listed_until: Date
  readonly ended: Place
  readonly compared: number
  /** Of a slice of the round, if there was one: where it ended, `null` at the round's end, and how long it took. */
  readonly round?: { readonly until: Date | null; readonly millis: number }
}

interface ClaimedRow extends Omit<Turn, "ended"> {
  readonly ended_xact: bigint
  readonly ended_id: bigint
}

interface ProgressRow {
  readonly last_look_at: string | null
  readonly last_look_millis: number
  readonly last_compared: number
  readonly compared: number
  readonly next_look_at: string
  readonly listed_until: string
  readonly round_until: string | null
  readonly rounds: number
  readonly lease_owner: string | null
  readonly age_seconds: number
  readonly wait_millis: number
}

/**
 * Who compares the books now and how far it has come: one row, so that of many orchestrators one at a time does it, as often
 * as one alone would. Every time in it is the database's.
 */
export class ReconcileProgress extends Context.Service<ReconcileProgress>()("surety/orchestrator/ReconcileProgress", {
  make: Effect.fnUntraced(function*(settings: ProgressSettings) {
    const sql = yield* SqlClient.SqlClient
    const { days, every_millis, grace_millis, lease_millis, owner, round_percent } = settings
    const inMillis = (millis: number) => sql`now() + ${Math.ceil(millis)}::integer * interval '1 millisecond'`

    const claim = sql<ClaimedRow>`
        UPDATE ledger.reconciliation SET fence = fence + 1, lease_owner = ${owner}, lease_until = ${
      inMillis(lease_millis)
    }
        WHERE next_look_at <= now() AND (lease_until IS NULL OR lease_until < now())
        RETURNING fence, listed_until, ended_xact, ended_id, round_until, round_at <= now() AS round_is_due,
          date_trunc('second', ${inMillis(-grace_millis)}) AS ripe_until,
          date_trunc('second', now() - ${days}::integer * interval '1 day') AS round_from`.pipe(
      Effect.map(([row]): Turn | undefined => row && { ...row, ended: { xact: row.ended_xact, id: row.ended_id } })
    )

    /** Whether the look is still ours; if it is, it is for as long again. */
    const keep = ({ fence }: Turn) =>
      sql`
          UPDATE ledger.reconciliation SET lease_until = ${inMillis(lease_millis)}
          WHERE fence = ${fence} AND lease_owner = ${owner} RETURNING 1 AS kept`.pipe(
        Effect.map((rows) => rows.length === 1)
      )

    const advance = ({ fence }: Turn, { compared, ended, listed_until, round }: Advance) =>
      sql`
          UPDATE ledger.reconciliation SET
            listed_until = ${listed_until}, ended_xact = ${ended.xact}::bigint, ended_id = ${ended.id}::bigint,
            last_compared = ${compared}, compared = compared + ${compared}::bigint,
            round_until = CASE WHEN ${round !== undefined}::boolean THEN ${round?.until ?? null}::timestamptz
              ELSE round_until END,
            rounds = rounds + ${round !== undefined && round.until === null}::boolean::integer,
            round_at = CASE WHEN ${round !== undefined}::boolean
              THEN ${inMillis((round?.millis ?? 0) * (100 / round_percent - 1))} ELSE round_at END
          WHERE fence = ${fence} AND lease_owner = ${owner}`

    /** The look is over, well or not; the next one is due in its time, and anybody's. */
    const end = ({ fence }: Turn, took: { readonly millis: number } | undefined) =>
      sql`
          UPDATE ledger.reconciliation SET
            lease_owner = NULL, lease_until = NULL, next_look_at = ${inMillis(every_millis)},
            last_look_at = CASE WHEN ${took !== undefined}::boolean THEN now() ELSE last_look_at END,
            last_look_millis = coalesce(${took?.millis ?? null}::integer, last_look_millis)
          WHERE fence = ${fence} AND lease_owner = ${owner}`

    const show = sql<ProgressRow>`
        SELECT last_look_millis, last_compared, compared::float8 AS compared, rounds, lease_owner,
          to_json(last_look_at) #>> '{}' AS last_look_at, to_json(next_look_at) #>> '{}' AS next_look_at,
          to_json(listed_until) #>> '{}' AS listed_until, to_json(round_until) #>> '{}' AS round_until,
          extract(epoch FROM now() - coalesce(last_look_at, listed_until))::float8 AS age_seconds,
          greatest(extract(epoch FROM next_look_at - now()) * 1000, 0)::float8 AS wait_millis
        FROM ledger.reconciliation`.pipe(Effect.map(([row]) => row!))

    return { claim, keep, advance, end, show } as const
  })
}) {
  static readonly layer = (settings: ProgressSettings) => Layer.effect(this, this.make(settings))
}
