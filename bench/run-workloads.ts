import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Wish } from "./arguments.ts"
import { benchDatabase, type BenchServer } from "./bench-server.ts"
import { loadGenerator } from "./load.ts"
import { dearestStatements, forgetStatements } from "./meter.ts"
import { FULL_LOAD, HALF_LOAD } from "./names.ts"
import { type Bench, type Figures, runLoad, Untrustworthy } from "./run-load.ts"
import { runningStack } from "./service-processes.ts"
import { figuresTable, statementsTable } from "./show-figures.ts"
import { digits } from "./table.ts"
import { type Workload, workloads } from "./workloads.ts"

/** Services that have just started run cold code: figures of their first thousand orders say little. */
const WARM_UP = { loop: "closed", workload: "uniform", in_flight: 64, seconds: 8 } as const

/** All services on a fresh database, warmed up, with a load generator. */
export const startBench = Effect.fnUntraced(function*(
  server: BenchServer,
  environment: Readonly<Record<string, string>> = {}
) {
  const database = yield* benchDatabase(server)
  const stack = yield* runningStack(database.url, { environment })
  const generator = yield* loadGenerator
  const processes = [...stack.processes, { name: "load generator", pid: generator.pid }]
  const bench: Bench = { stack, generator, consumers: { processes, postmaster: server.pid, role: "surety%" } }
  yield* runLoad(bench, WARM_UP, "warm-up").pipe(Effect.provideService(SqlClient.SqlClient, database.sql))
  return { ...bench, server, database, stack }
})

export type RunningBench = Effect.Success<ReturnType<typeof startBench>>

const checkCompleted = ({ completed, name }: Workload, figures: Figures) =>
  completed === undefined || figures.completed === completed
    ? Effect.succeed(figures)
    : Effect.die(new Untrustworthy(`${name}: ${figures.completed} orders COMPLETED instead of ${completed}`))

/** Full load first; then, at half of what that completed, how long people wait. */
const runWorkload = Effect.fn("runWorkload")(function*(bench: Bench, workload: Workload, wish: Wish) {
  const { burst, name } = workload
  if (burst !== undefined) {
    const shape = { loop: "burst", workload: name, count: burst } as const
    return [yield* Effect.flatMap(runLoad(bench, shape, "all at once"), (figures) => checkCompleted(workload, figures))]
  }
  const { in_flight, seconds } = wish
  const open = (rate: number, says: string) =>
    runLoad(bench, { loop: "open", workload: name, rate, seconds }, `${says}, ${digits(rate)}/s due`, 2)
  if (wish.rate !== undefined) return [yield* open(wish.rate, "open loop")]
  const full = yield* runLoad(bench, { loop: "closed", workload: name, in_flight, seconds }, FULL_LOAD)
  return [full, yield* open(full.completed_per_second / 2, HALF_LOAD)]
})

/** All wanted workloads on one running system, and their figures as they come. */
export const runWorkloads = Effect.fn("runWorkloads")(function*(server: BenchServer, wish: Wish) {
  const bench = yield* startBench(server)
  return yield* Effect.forEach(wish.workloads, (name) =>
    Effect.gen(function*() {
      const workload = workloads[name]
      yield* forgetStatements
      const figures = yield* runWorkload(bench, workload, wish)
      console.log(`\n${name}: ${workload.says}\n\n${figuresTable(figures)}`)
      if (wish.statements) console.log(`\n${statementsTable(yield* dearestStatements("surety%"))}`)
      return figures
    })).pipe(Effect.map((all) => all.flat()), Effect.provideService(SqlClient.SqlClient, bench.database.sql))
}, Effect.scoped)
