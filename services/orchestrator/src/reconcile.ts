import { database, databaseDefectsAsFailures, type DatabaseSettings } from "@surety/platform/database"
import { wholeSetting } from "@surety/platform/settings"
import { withoutTracing } from "@surety/platform/telemetry/trace-context"
import { Cause, Config, Context, Duration, Effect, Exit, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { makeTreatFindings } from "./reconcile-findings.ts"
import { LookBroken, makeLook } from "./reconcile-look.ts"
import { ReconcileProgress, type Turn } from "./reconcile-progress.ts"
import { makeTellReconciliation } from "./reconciliation-gauges.ts"

/**
 * `RECONCILE_EVERY_MILLIS`: how often the books are compared. `RECONCILE_GRACE_MILLIS`: for how long an order has to be at
 * rest before it is judged, and how far apart the two looks are that make a finding. `RECONCILE_DAYS`: how far back a round
 * goes, which may take `RECONCILE_ROUND_PERCENT` of the time. `RECONCILE_STRAYS`: whether a hold with an order's id that no
 * book of ours knows is let go, or left to a person, which is right where another installation uses the same account.
 */
export const reconcileSettings = Config.all({
  every_millis: wholeSetting("RECONCILE_EVERY_MILLIS", { minimum: 10, maximum: 86_400_000, fallback: 10_000 }),
  grace_millis: wholeSetting("RECONCILE_GRACE_MILLIS", { minimum: 10, maximum: 3_600_000, fallback: 20_000 }),
  lease_millis: wholeSetting("RECONCILE_LEASE_MILLIS", { minimum: 500, maximum: 600_000, fallback: 60_000 }),
  days: wholeSetting("RECONCILE_DAYS", { minimum: 1, maximum: 30, fallback: 7 }),
  round_percent: wholeSetting("RECONCILE_ROUND_PERCENT", { minimum: 1, maximum: 100, fallback: 2 }),
  strays: Config.schema(Schema.Literals(["let_go", "park"]), "RECONCILE_STRAYS").pipe(
    Config.withDefault("let_go" as const)
  )
})
export type ReconcileSettings = Config.Success<typeof reconcileSettings>

/** No look is waited for less than that. */
const WAIT_MIN_MILLIS = 10

/** A connection of its own, by a role that may read all books and change none. */
const auditor = ({ application_name, url }: Pick<DatabaseSettings, "url" | "application_name">) =>
  Effect.map(
    Layer.build(database({ url, application_name, role: "surety_auditor", max_connections: 1 })),
    (context) => Context.get(context, SqlClient.SqlClient)
  )

/**
 * Compares the books of all services and the provider's own, for as long as the layer lives; what does not fit is found,
 * repaired where there is one right answer, and else left to a person. Any number of orchestrators may run; one at a time
 * does it.
 */
export const reconcile = (
  settings: ReconcileSettings & { readonly retry_unit_millis: number },
  books: Pick<DatabaseSettings, "url" | "application_name">
) =>
  Layer.effectDiscard(Effect.gen(function*() {
    const progress = yield* ReconcileProgress
    const sql = yield* auditor(books)
    const look = yield* makeLook(sql, settings)
    const treat = yield* makeTreatFindings(sql, settings)
    const { tell } = yield* makeTellReconciliation

    const work = Effect.fnUntraced(function*(turn: Turn) {
      const stillOurs = Effect.filterOrFail(
        progress.keep(turn),
        (kept) => kept,
        () => new LookBroken({ detail: "the lease was lost" })
      )
      yield* look(turn, stillOurs)
      yield* treat(stillOurs)
    })

    const inTurn = Effect.flatMap(progress.claim, (turn) =>
      turn === undefined ? Effect.void : Effect.timed(work(turn)).pipe(
        Effect.onExit((exit) => {
          const millis = Exit.isSuccess(exit) ? Math.round(Duration.toMillis(exit.value[0])) : undefined
          return Effect.ignore(progress.end(turn, millis === undefined ? undefined : { millis }))
        })
      ))

    const troubled = (cause: Cause.Cause<unknown>) =>
      Effect.logWarning("reconciliation.trouble", { error: String(Cause.squash(cause)) })

    /** Looks if it is our turn, tells how things stand, and waits until the next look may be due. */
    const once = Effect.gen(function*() {
      yield* Effect.catchCause(databaseDefectsAsFailures(inTurn), troubled)
      const { wait_millis } = yield* progress.show
      yield* tell
      yield* Effect.sleep(Math.min(Math.max(wait_millis, WAIT_MIN_MILLIS), settings.every_millis))
    }).pipe(
      databaseDefectsAsFailures,
      Effect.catchCause((cause) =>
        Effect.andThen(troubled(cause), Effect.sleep(settings.every_millis))
      )
    )

    yield* Effect.sleep(settings.every_millis).pipe(
      Effect.andThen(Effect.forever(once)),
      withoutTracing,
      Effect.forkScoped
    )
  }))
