import { database, type DatabaseSettings } from "@surety/platform/database"
import { wholeSetting } from "@surety/platform/settings"
import { setGauges } from "@surety/platform/telemetry/metrics"
import { Config, Effect, Layer } from "effect"
import { type Invariant, makeAudit } from "./audit-books.ts"
import { rarely } from "./rarely.ts"

/**
 * `CORRECTNESS_EVERY_MILLIS`: how often the books are judged, unless that takes more than 2 % of the time.
 * `CORRECTNESS_ORDERS_A_LOOK`: how many of the newest orders each time, and how many of the others.
 */
export const correctnessSettings = Config.all({
  every_millis: wholeSetting("CORRECTNESS_EVERY_MILLIS", { minimum: 10, maximum: 86_400_000, fallback: 60_000 }),
  orders_a_look: wholeSetting("CORRECTNESS_ORDERS_A_LOOK", { minimum: 1, maximum: 1_000_000, fallback: 10_000 })
})
export type CorrectnessSettings = Config.Success<typeof correctnessSettings>

/** So many of the rows that break an invariant are named in the log. */
const NAMED_MAX = 5

const makeJudge = Effect.fnUntraced(function*(ordersALook: number) {
  const audit = yield* makeAudit(ordersALook)
  const broken = new Map<Invariant, ReadonlyArray<string>>()

  const learn = Effect.fnUntraced(function*(invariant: Invariant, ids: ReadonlyArray<string>) {
    const changed = ids.join() !== (broken.get(invariant) ?? []).join()
    broken.set(invariant, ids)
    if (!changed || ids.length === 0) return
    yield* Effect.logError("correctness.violated").pipe(
      Effect.annotateLogs({ "correctness.invariant": invariant, rows: ids.length, ids: ids.slice(0, NAMED_MAX) })
    )
  })

  const judge = Effect.gen(function*() {
    // What cannot be judged now, as it took too long, stays as it was; the others are judged all the same.
    for (const { judges, look } of audit) {
      yield* Effect.flatMap(
        look,
        (found) =>
          Effect.forEach(judges, (invariant) =>
            learn(
              invariant,
              found.filter((one) => one.invariant === invariant).map(({ id }) => id).toSorted()
            ))
      ).pipe(Effect.catchCause((cause) => Effect.logWarning("correctness.trouble", { judges }, cause)))
    }
    yield* setGauges(
      "correctness.violations",
      Object.fromEntries(Array.from(broken, ([invariant, ids]) => [invariant, ids.length]))
    )
  })
  return { judge } as const
})

/**
 * Judges the books of all services, for as long as the layer lives, by a role that may read all and change nothing, on a
 * connection of its own. Each change for the worse is an error in the log, and the rows that break an invariant are a
 * gauge, 0 always. Every orchestrator does it: none needs to know of the others.
 */
export const correctness = (
  { every_millis, orders_a_look }: CorrectnessSettings,
  { application_name, url }: Pick<DatabaseSettings, "url" | "application_name">
) =>
  Layer.effectDiscard(
    Effect.flatMap(makeJudge(orders_a_look), ({ judge }) =>
      Effect.forkScoped(Effect.andThen(Effect.sleep(every_millis), rarely("correctness", every_millis, judge))))
  ).pipe(
    Layer.provide(
      database({ url, application_name, role: "surety_auditor", max_connections: 1, reads_whole_tables: true })
    )
  )
