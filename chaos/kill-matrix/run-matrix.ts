import { Effect, type Redacted, type Scope } from "effect"
import { cluster } from "../cluster/cluster.ts"
import { bookkeeper } from "./books.ts"
import type { Point } from "./points.ts"
import { type Outcome, runPoint } from "./run-point.ts"

export interface MatrixRun {
  readonly points: ReadonlyArray<Point>
  /** How often each. */
  readonly times: number
  /** So many clusters work side by side, each on one point at a time. */
  readonly clusters: number
  /** A migrated database with the benchmark's catalogue, for a cluster. */
  readonly database: Effect.Effect<Redacted.Redacted, never, Scope.Scope>
  readonly seed: number
  readonly tell?: (outcome: Outcome, done: number, all: number) => void
}

/** What a killed process held is free after a second and a half. Calls are shorter than leases; idle processes look rarely. */
const SHORT_LEASES = {
  SAGA_RETRY_UNIT_MILLIS: "5",
  EDGE_RETRY_UNIT_MILLIS: "5",
  SAGA_IDLE_MILLIS: "100",
  EDGE_RESOLVE_EVERY_MILLIS: "200",
  SAGA_LEASE_MILLIS: "1500",
  SAGA_CALL_TIMEOUT_MILLIS: "1300",
  EDGE_LEASE_MILLIS: "1500",
  EDGE_CALL_TIMEOUT_MILLIS: "1300",
  DATABASE_ANSWER_TIMEOUT_MILLIS: "1000",
  PROVIDER_TIMEOUT_MILLIS: "700"
}

/** Goes through all points, on as many clusters as are wished for. Outcomes are in the order in which they came. */
export const runMatrix = Effect.fnUntraced(
  function*({ clusters, database, points, seed, tell, times }: MatrixRun) {
    const waiting = Array.from({ length: times }, () => points).flat()
    const all = waiting.length
    const outcomes: Array<Outcome> = []
    const work = Effect.fnUntraced(function*(n: number) {
      const own = yield* cluster({ database: yield* database, environment: SHORT_LEASES, seed: seed + n })
      const books = bookkeeper(own)
      for (let point = waiting.shift(); point !== undefined; point = waiting.shift()) {
        const outcome = yield* runPoint({ cluster: own, books }, point, all - waiting.length)
        outcomes.push(outcome)
        tell?.(outcome, outcomes.length, all)
      }
    })
    yield* Effect.forEach(Array.from({ length: clusters }, (_, n) => n), work, {
      concurrency: "unbounded",
      discard: true
    })
    return outcomes as ReadonlyArray<Outcome>
  },
  Effect.scoped
)
