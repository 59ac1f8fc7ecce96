import { Effect } from "effect"
import { serviceNames } from "../cluster/links.ts"
import type { Check } from "../cluster/verdict-checks.ts"
import { until } from "./passing-time.ts"
import type { Storm } from "./storm.ts"

const A_SECOND = { short: 30, full: 100 } as const
const ROUNDS = { short: 1, full: 3 } as const
const STOP_SECONDS_MAX = 20

interface Stop {
  readonly name: string
  readonly end: number | NodeJS.Signals
  readonly seconds: number
}

/** A deployment: each service in turn is asked to stop, and started again, while orders come in. */
export const rollingSigterm: Storm = {
  name: "rolling-sigterm",
  says: "each service in turn is SIGTERMed and started again, at 100 requests/s",
  blow: ({ cluster: { nodes }, customers, scale }) =>
    Effect.gen(function*() {
      const crowd = yield* customers({ pace: { a_second: A_SECOND[scale] } })
      const stops: Array<Stop> = []
      const roll = Effect.forEach(serviceNames, (name) =>
        Effect.gen(function*() {
          const answered = crowd.answered()
          yield* until(`answers before the stop of ${name}`, Effect.sync(() => crowd.answered() > answered + 10))
          const asked = performance.now()
          const end = yield* nodes[name].terminate
          stops.push({ name, end, seconds: (performance.now() - asked) / 1000 })
          yield* nodes[name].start
        }))
      for (let round = 0; round < ROUNDS[scale]; round += 1) yield* roll
      return { customers: crowd, injected: { "services stopped": stops.length }, checks: [orderly(stops)] }
    })
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
