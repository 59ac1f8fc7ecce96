import { Deferred, Effect } from "effect"
import type { Scope } from "effect"
import { spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { closeSync, openSync, readFileSync } from "node:fs"
import { SourceUnavailable } from "./postgres-source.ts"
import { lastLines } from "./run-command.ts"
import type { ServerUser } from "./server-user.ts"

/** Past this the process and all it started are killed outright. */
const STOP_LIMIT_MS = 15_000

/**
 * The shell that watches over a server: `supervisor <signal> <folder to remove or ""> <command …>`.
 *
 * Its input is a pipe whose other end only we hold. The pipe ends when we close it, and also when we die, be it by
 * SIGKILL; then the server gets its signal. So there is one way to stop, and it works in every case. A server that ends by
 * itself leaves its folder, because the log in it says why.
 */
const SUPERVISOR = `
signal=$1; discard=$2; shift 2
exec 3<&0
"$@" </dev/null 3<&- & server=$!
(read -r _ <&3; [ -z "$discard" ] || : > "$discard/stopped"; kill -"$signal" $server) 2>/dev/null & watch=$!
wait $server; code=$?
kill $watch 2>/dev/null
[ ! -e "$discard/stopped" ] || rm -rf "$discard"
exit $code`

interface SupervisedCommand {
  readonly command: string
  readonly args: ReadonlyArray<string>
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly user: ServerUser | undefined
  /** Gets all output, and is emptied first. */
  readonly log: string
  /** What asks the command to stop. */
  readonly signal: "INT" | "QUIT"
  /** A folder to remove when the command has been stopped. */
  readonly discard?: string
}

/**
 * Starts a server that lives as long as the scope, and never longer than this process. It is in a session of its own, so
 * that Ctrl-C reaches us first and services can still finish what they are at.
 *
 * @returns an effect that waits for the server's end, and tells why.
 */
export const supervise = (
  options: SupervisedCommand
): Effect.Effect<Effect.Effect<string>, SourceUnavailable, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      try {
        return Effect.succeed(start(options))
      } catch (cause) {
        return Effect.fail(new SourceUnavailable({ reason: `cannot start ${options.command}: ${String(cause)}` }))
      }
    }),
    ({ child, ended }) => stop(child, ended)
  ).pipe(Effect.map(({ ended }) => Deferred.await(ended)))

const start = (options: SupervisedCommand) => {
  const log = openSync(options.log, "w", 0o600)
  const child = spawn(
    "/bin/sh",
    ["-c", SUPERVISOR, "supervisor", options.signal, options.discard ?? "", options.command, ...options.args],
    {
      ...options.user,
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      detached: true,
      stdio: ["pipe", log, log]
    }
  )
  closeSync(log)
  return { child, ended: endOf(child, options.log) }
}

/** Completes with the reason when a child process has ended, or could not start. */
export const endOf = (child: ChildProcess, log: string): Deferred.Deferred<string> => {
  const ended = Deferred.makeUnsafe<string>()
  const finish = (reason: string) => Deferred.doneUnsafe(ended, Effect.succeed(reason))
  child.once("error", (error) => finish(error.message))
  child.once("exit", (code, signal) => finish(`the server ended with ${signal ?? code}: ${lastLinesOf(log)}`))
  return ended
}

/** Says so, for as long as the scope lives, if a server that runs comes to its end: nobody stopped it. */
export const reportEnd = (ended: Effect.Effect<string>): Effect.Effect<void, never, Scope.Scope> =>
  ended.pipe(
    Effect.flatMap((reason) => Effect.logError(`PostgreSQL is gone: ${reason}`)),
    Effect.forkScoped,
    Effect.asVoid
  )

const stop = (child: ChildProcess, ended: Deferred.Deferred<string>) =>
  Effect.sync(() => child.stdin?.end()).pipe(
    Effect.andThen(Deferred.await(ended)),
    Effect.timeoutOrElse({
      duration: STOP_LIMIT_MS,
      orElse: () =>
        Effect.sync(() => {
          if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL")
        })
    })
  )

const lastLinesOf = (log: string): string => {
  try {
    return lastLines(readFileSync(log, "utf8"))
  } catch {
    return "its log cannot be read"
  }
}
