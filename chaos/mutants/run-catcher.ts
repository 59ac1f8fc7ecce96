import { Effect, Option } from "effect"
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import type { Catcher } from "./read-mutants.ts"
import { type Verdict, verdictIn } from "./vitest-verdict.ts"

export interface Surroundings {
  /** The tree it is run in. */
  readonly folder: string
  /** What is set beside the environment of this process: the server that all share. */
  readonly environment: Readonly<Record<string, string>>
}

/** Longer than any test may take, its retries and the runner's start included. */
const LIMIT = "4 minutes"
const OUTPUT_MAX_CHARACTERS = 20_000

/** A runner that runs us must not be taken for the runner that we run. */
const inherited = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("VITEST")))

interface Ended {
  readonly code: number | null
  readonly output: string
}

/** Runs Node in a process group of its own, of which nothing is left afterwards; nothing is answered past the limit. */
const nodeRun = (args: ReadonlyArray<string>, { environment, folder }: Surroundings) =>
  Effect.callback<Ended>((resume) => {
    const child = spawn(process.execPath, args, {
      cwd: folder,
      env: { ...inherited(), ...environment },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"]
    })
    let output = ""
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => output = (output + String(chunk)).slice(-OUTPUT_MAX_CHARACTERS))
    }
    const killGroup = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL")
      } catch {
        // Everybody has gone already.
      }
    }
    child.once("exit", (code) => {
      killGroup()
      // What was said last is still on its way.
      setImmediate(() => resume(Effect.succeed({ code, output })))
    })
    return Effect.sync(killGroup)
  }).pipe(Effect.timeoutOption(LIMIT), Effect.map(Option.getOrUndefined))

const tooLong: Verdict = { _tag: "Spoilt", why: `no verdict within ${LIMIT}` }

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")

const verdictOf = (report: string, { output }: Ended, title: string): Verdict => {
  try {
    return verdictIn(JSON.parse(readFileSync(report, "utf8")), title)
  } catch {
    return { _tag: "Spoilt", why: `the tests did not come to a report: ${output.trim().slice(-1_000)}` }
  }
}

/** Runs tests of one file, and answers a verdict for each of these titles. */
export const runTests = Effect.fnUntraced(
  function*(file: string, titles: ReadonlyArray<string>, surroundings: Surroundings) {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(surroundings.folder, ".verdict-"))),
      (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true }))
    )
    const report = join(folder, "report.json")
    const only = ["-t", titles.map(escaped).join("|")]
    const runner = ["node_modules/vitest/vitest.mjs", "run", file, "--reporter=json", `--outputFile=${report}`]
    const ended = yield* nodeRun([...runner, ...only], surroundings)
    return titles.map((title) => ended === undefined ? tooLong : verdictOf(report, ended, title))
  },
  Effect.scoped
)

/** A command says by its exit code 1 that something does not hold; by any other that it could not find out. */
const runCommand = Effect.fnUntraced(
  function*({ script, words }: Catcher & { readonly _tag: "Command" }, surroundings: Surroundings) {
    const { scripts } = JSON.parse(readFileSync(join(surroundings.folder, "package.json"), "utf8"))
    const [, ...args] = String(scripts[script]).split(" ")
    const ended = yield* nodeRun([...args, ...words], surroundings)
    if (ended === undefined) return tooLong
    if (ended.code === 0) return { _tag: "Passed" } satisfies Verdict
    const how = ended.output.trim().split("\n").slice(-3).join(" / ")
    const isVerdict = ended.code === 1 && !/SyntaxError|ERR_MODULE_NOT_FOUND/.test(ended.output)
    return isVerdict ? { _tag: "Failed", how } satisfies Verdict : { _tag: "Spoilt", why: how } satisfies Verdict
  }
)

/** Of a test and what it needs: where that fails already, nothing is learned. */
const lastOf = (verdicts: ReadonlyArray<Verdict>): Verdict => {
  const needed = verdicts.slice(0, -1).find(({ _tag }) => _tag !== "Passed")
  return needed === undefined ? verdicts.at(-1)! : { _tag: "Spoilt", why: "the tests before it fail already" }
}

export const runCatcher = (catcher: Catcher, surroundings: Surroundings): Effect.Effect<Verdict> =>
  catcher._tag === "Command"
    ? runCommand(catcher, surroundings)
    : Effect.map(runTests(catcher.file, catcher.titles, surroundings), lastOf)
