import { Effect } from "effect"
import { type ServiceName, serviceNames } from "../cluster/links.ts"
import { type Check, check } from "../cluster/verdict-checks.ts"
import { until } from "./passing-time.ts"
import type { Storm } from "./storm.ts"

const A_SECOND = { short: 30, full: 100 } as const
const ROUNDS = { short: 1, full: 3 } as const
const STOP_SECONDS_MAX = 20
/** A start is not compressed, so neither is patience as much as elsewhere: a tenth of what it is in production. */
const UNIT_MILLIS = "100"
const patient = (name: ServiceName): Readonly<Record<string, string>> => {
  if (name === "edge-api") return { EDGE_RETRY_UNIT_MILLIS: UNIT_MILLIS }
  return name === "orchestrator" ? { SAGA_RETRY_UNIT_MILLIS: UNIT_MILLIS } : {}
}
/** Why orders are turned back that nobody answered for: in a deployment there is no reason to. */
const IMPATIENT = ["authorization_timed_out", "payment_voided"]

interface Stop {
  readonly name: string
  readonly end: number | NodeJS.Signals
  readonly seconds: number
}

/** A deployment: each service in turn is asked to stop, and started again, while orders come in. No order fails of it. */
export const rollingSigterm: Storm = {
  name: "rolling-sigterm",
  says: "each service in turn is SIGTERMed and started again, at 100 requests/s",
  blow: ({ cluster: { nodes, sql }, customers, scale }) =>
    Effect.gen(function*() {
      yield* Effect.forEach(["edge-api", "orchestrator"] as const, (name) => nodes[name].restartWith(patient(name)), {
        concurrency: 2,
        discard: true
      })
      const [begun] = yield* sql<{ at: string }>`SELECT now()::text AS at`
      const crowd = yield* customers({ pace: { a_second: A_SECOND[scale] } })
      const stops: Array<Stop> = []
      const roll = Effect.forEach(serviceNames, (name) =>
        Effect.gen(function*() {
          const answered = crowd.answered()
          yield* until(`answers before the stop of ${name}`, Effect.sync(() => crowd.answered() > answered + 10))
          const asked = performance.now()
          const end = yield* nodes[name].terminate
          stops.push({ name, end, seconds: (performance.now() - asked) / 1000 })
          yield* nodes[name].restartWith(patient(name))
        }))
      for (let round = 0; round < ROUNDS[scale]; round += 1) yield* roll
      const afterwards = sql<{ orders: number }>`
        SELECT count(*)::int AS orders FROM ledger.all_entries
        WHERE created_at >= ${begun!.at}::timestamptz AND reason = ANY (${IMPATIENT})`.pipe(
        Effect.map(([turnedBack]) => [
          check("orders that failed since a service was away", turnedBack?.orders === 0, `${turnedBack?.orders}`)
        ]),
        Effect.orDie
      )
      return { customers: crowd, injected: { "services stopped": stops.length }, checks: [orderly(stops)], afterwards }
    }).pipe(Effect.orDie)
}

const orderly = (stops: ReadonlyArray<Stop>): Check => {
  const wrong = stops.filter(({ end, seconds }) => end !== 0 || seconds > STOP_SECONDS_MAX)
  const longest = Math.max(...stops.map(({ seconds }) => seconds))
  return {
    what: `every stop exits 0 within ${STOP_SECONDS_MAX} s`,
    holds: wrong.length === 0,
    found: wrong.length === 0 ? `the longest took ${longest.toFixed(1)} s` : JSON.stringify(wrong)
  }
}
