// npm run kill-matrix: kills a process at every point of an order's way, and looks at how the order ends.
import { runCommand } from "@surety/testkit/command-line"
import { Effect, References } from "effect"
import { privatePostgres, stockedDatabase } from "../cluster/private-postgres.ts"
import { parseArguments, usage, type Wish } from "./arguments.ts"
import { complaintsOf, hitTables, holes, recovery } from "./hit-table.ts"
import { points } from "./matrix.ts"
import { nameOf } from "./points.ts"
import { runMatrix } from "./run-matrix.ts"
import type { Outcome } from "./run-point.ts"

const tell = ({ complaints, hit, point, seconds }: Outcome, done: number, all: number) => {
  const found = !hit ? "NOT HIT" : complaints.length === 0 ? `ended after ${seconds!.toFixed(1)} s` : "BROKEN"
  console.log(`${done}/${all} ${nameOf(point)} (${point.victim}, ${point.journey.name}): ${found}`)
  for (const complaint of complaints) console.log(`    ${complaint}`)
}

const run = (wish: Wish) =>
  Effect.gen(function*() {
    const begun = performance.now()
    const server = yield* privatePostgres()
    const outcomes = yield* runMatrix({ ...wish, database: stockedDatabase(server), seed: 1, tell })
    const empty = holes(wish.points, outcomes)
    const complaints = complaintsOf(outcomes)
    console.log(`\n${hitTables(wish.points, outcomes)}\n\n${recovery(outcomes)}`)
    const seconds = ((performance.now() - begun) / 1000).toFixed(0)
    const verdict = `${empty.length} never hit, ${complaints.length} complaints`
    console.log(`${wish.points.length} points, ${outcomes.length} kills in ${seconds} s: ${verdict}`)
    return empty.length + complaints.length === 0
  }).pipe(Effect.scoped, Effect.provideService(References.MinimumLogLevel, "Error"))

await runCommand(usage, async () => {
  const wish = parseArguments(process.argv.slice(2), points)
  if (wish.list) { for (const point of wish.points) console.log(nameOf(point)) }
  else process.exitCode = (await Effect.runPromise(run(wish))) ? 0 : 1
})
