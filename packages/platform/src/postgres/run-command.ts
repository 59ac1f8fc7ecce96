import { Effect } from "effect"
import { execFile } from "node:child_process"
import { basename } from "node:path"
import { SourceUnavailable } from "./postgres-source.ts"

interface CommandOptions {
  /** Milliseconds after which the command is killed. */
  readonly timeout: number
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly uid?: number
  readonly gid?: number
}

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024
const MAX_REASON_CHARACTERS = 400

/** Runs a program to its end and answers what it printed; fails with its last lines. Killed when interrupted. */
export const runCommand = (
  command: string,
  args: ReadonlyArray<string>,
  options: CommandOptions
): Effect.Effect<string, SourceUnavailable> =>
  Effect.callback((resume) => {
    const child = execFile(command, args, {
      ...options,
      maxBuffer: MAX_OUTPUT_BYTES,
      env: { ...process.env, LC_ALL: "C", ...options.env }
    }, (error, stdout, stderr) => {
      if (error === null) return resume(Effect.succeed(stdout))
      const end = error.killed === true ? `stopped after ${options.timeout} ms` : lastLines(stderr || error.message)
      resume(Effect.fail(new SourceUnavailable({ reason: `${basename(command)} ${args[0] ?? ""}: ${end}` })))
    })
    return Effect.sync(() => void child.kill())
  })

/** The end of an error output or a log: the reason is nearly always there. */
export const lastLines = (text: string): string =>
  text.trim().split("\n").slice(-3).join(" / ").slice(0, MAX_REASON_CHARACTERS)
