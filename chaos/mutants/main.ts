// Mutants: mistakes made on purpose, one at a time, to see that a test notices each. The tests are what is tested here.
import { resolvePostgres } from "@surety/platform/postgres/postgres-server"
import { runProgram } from "@surety/platform/run-service"
import { runCommand } from "@surety/testkit/command-line"
import { Effect, Logger, Redacted, References } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArguments, usage, type Wish } from "./arguments.ts"
import { applyPatch, ROOT } from "./copy-of-tree.ts"
import { complaintAbout, type Mutant, readMutants } from "./read-mutants.ts"
import { figuresOf, lineOf, listOf, tableOf, unmutatedLineOf } from "./show-mutants.ts"
import { tryMutants } from "./try-mutants.ts"
import { failingUnmutated } from "./unmutated.ts"

/** One server for all of them; each run has databases of its own on it, from a template of its own migrations. */
const sharedServer = Effect.suspend(() => {
  const given = process.env["DATABASE_URL"]
  return resolvePostgres({
    mode: "ephemeral",
    databaseUrl: given === undefined ? undefined : Redacted.make(given),
    concurrent: true
  })
})

/** Compiled once, what nobody mutates starts in half the time. */
const compileCache = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "surety-mutants-compiled-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

// That Node's own reader of TypeScript is an experiment is not for whoever reads a table.
process.removeAllListeners("warning")

const run = (mutants: ReadonlyArray<Mutant>, { jobs, json }: Wish) =>
  Effect.gen(function*() {
    const begun = performance.now()
    const server = yield* sharedServer
    const environment = { DATABASE_URL: Redacted.value(server.url), NODE_COMPILE_CACHE: yield* compileCache }
    const unmutated = (what: string, seconds: number) => console.log(unmutatedLineOf(what, seconds))
    const failing = yield* failingUnmutated(mutants, jobs, environment, unmutated)
    const all = yield* tryMutants(mutants, failing, jobs, environment, (tried) => console.log(lineOf(tried)))
    const seconds = (performance.now() - begun) / 1000
    console.log(`\n${tableOf(all, seconds)}`)
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(figuresOf(all, seconds), null, 2)}\n`)
    if (all.some(({ verdict }) => verdict._tag !== "Failed")) process.exitCode = 1
  }).pipe(
    Effect.scoped,
    Effect.provideService(References.MinimumLogLevel, "Warn"),
    Effect.provide(Logger.layer([Logger.consolePretty()]))
  )

const check = (mutants: ReadonlyArray<Mutant>) => {
  const complaints = mutants.flatMap((mutant) => {
    const why = applyPatch(mutant.patch, ROOT, true) ?? complaintAbout(mutant)
    return why === undefined ? [] : [`${mutant.name}: ${why}`]
  })
  for (const complaint of complaints) console.error(complaint)
  console.log(`${mutants.length - complaints.length} of ${mutants.length} mutants apply and name what there is`)
  process.exitCode = complaints.length === 0 ? 0 : 1
}

await runCommand(usage, () => {
  const known = readMutants()
  const wish = parseArguments(process.argv.slice(2), known.map(({ name }) => name))
  const chosen = wish.names.length === 0 ? known : known.filter(({ name }) => wish.names.includes(name))
  if (wish.list) console.log(listOf(chosen))
  else if (wish.check) check(chosen)
  else runProgram(run(chosen, wish))
})
