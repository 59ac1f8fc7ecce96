// The benchmark: how many orders a second, how long they take, and what they cost. See README.md here.
import { runProgram } from "@surety/platform/run-service"
import { runCommand } from "@surety/testkit/command-line"
import { Cause, Effect, Logger, References } from "effect"
import { writeFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { parseArguments, usage, type Wish } from "./arguments.ts"
import { benchServer } from "./bench-server.ts"
import { goalsOf, goalsTable } from "./goals.ts"
import { runLimits, runPeers } from "./limit.ts"
import { FULL_LOAD } from "./names.ts"
import { runGrowth } from "./run-growth.ts"
import { Untrustworthy } from "./run-load.ts"
import { runWorkloads } from "./run-workloads.ts"
import { peersTable } from "./show-figures.ts"

const bench = (wish: Wish) =>
  Effect.gen(function*() {
    const server = yield* benchServer
    console.log(server.description)
    const workloads = wish.workloads.length === 0 ? [] : yield* runWorkloads(server, wish)
    const ours = workloads.find(({ load, workload }) => workload === "uniform" && load === FULL_LOAD)
    const peers = [
      ...(wish.limit ? yield* runLimits(server, wish) : []),
      ...(wish.compare ? yield* runPeers(server, wish) : [])
    ]
    if (peers.length > 0) console.log(`\n${peersTable(peers, ours?.completed_per_second)}`)
    const goals = goalsOf(workloads, peers)
    if (goals.length > 0) console.log(`\n${goalsTable(goals)}`)
    const growth = yield* runGrowth(server, wish)
    const machine = { cores: availableParallelism(), node: process.version, at: new Date().toISOString() }
    const figures = { machine, server: server.description, workloads, peers, goals, growth }
    if (wish.json !== undefined) writeFileSync(wish.json, `${JSON.stringify(figures, null, 2)}\n`)
  }).pipe(
    Effect.scoped,
    Effect.provideService(References.MinimumLogLevel, "Warn"),
    Effect.provide(Logger.layer([Logger.consolePretty()]))
  )

const explained = (cause: Cause.Cause<unknown>) => {
  const error = Cause.squash(cause)
  console.error(error instanceof Untrustworthy ? `no figures: ${error.message}` : Cause.pretty(cause))
}

await runCommand(usage, () => {
  const wish = parseArguments(process.argv.slice(2))
  runProgram(Effect.tapCause(bench(wish), (cause) => Effect.sync(() => explained(cause))))
})
