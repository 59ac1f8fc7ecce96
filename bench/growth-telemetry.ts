import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Wish } from "./arguments.ts"
import { forked } from "./forked.ts"
import type { GrowthResult } from "./growth-result.ts"
import { type Figures, runLoad } from "./run-load.ts"
import { type RunningBench, startBench } from "./run-workloads.ts"
import { digits } from "./table.ts"

/** One after the other, and again: what the machine does meanwhile falls on both. */
const ROUNDS = 2
const KEPT_SHARE = 0.9

const cpuMillis = ({ cpu_seconds }: Figures) =>
  1000 * Object.values(cpu_seconds).reduce((sum, seconds) => sum + seconds, 0)

/** Orders a second with traces, metrics and logs going to a collector, against none of them, in the same run. */
export const telemetry = Effect.fn("telemetry")(function*({ server }: RunningBench, { in_flight, seconds }: Wish) {
  const sink = yield* forked<object, number>("otlp-sink.ts")
  const endpoint = `http://127.0.0.1:${yield* sink.put({})}`
  const systems = [
    { name: "off", bench: yield* startBench(server, { LOG_LEVEL: "Info" }) },
    { name: "on", bench: yield* startBench(server, { LOG_LEVEL: "Info", OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }) }
  ]
  const rounds = yield* Effect.forEach(
    Array.from({ length: ROUNDS }, () => systems).flat(),
    ({ bench, name }) =>
      runLoad(bench, { loop: "closed", workload: "uniform", in_flight, seconds }, name).pipe(
        Effect.provideService(SqlClient.SqlClient, bench.database.sql)
      )
  )
  const perSecond = (name: string) =>
    rounds.reduce((sum, round) => sum + (round.load === name ? round.completed_per_second : 0), 0)
  const value = perSecond("on") / perSecond("off")
  return {
    name: "telemetry to a collector, full load, uniform",
    head: ["telemetry", "completed/s", "accept p95, ms", "CPU ms an order", "cores busy with other things"],
    rows: rounds.map((round) => [
      round.load,
      digits(round.completed_per_second),
      digits(round.accept_millis.p95),
      digits(cpuMillis(round)),
      digits(round.foreign_cores)
    ]),
    goal: `orders/s with telemetry at least ${KEPT_SHARE} × without`,
    value,
    met: value >= KEPT_SHARE
  } satisfies GrowthResult
})
