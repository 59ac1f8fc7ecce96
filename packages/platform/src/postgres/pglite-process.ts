import { Deferred, Effect, Redacted } from "effect"
import type { Scope } from "effect"
import { fork } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { closeSync, openSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { PgliteOrder } from "./pglite-main.ts"
import { SourceUnavailable } from "./postgres-source.ts"
import { endOf, reportEnd } from "./supervised-process.ts"

const SERVER = fileURLToPath(new URL("./pglite-main.ts", import.meta.url))

const START_LIMIT = "2 minutes"
const STOP_LIMIT = "15 seconds"

/**
 * Runs a PGlite server as a process of its own, in a session of its own, until the scope closes or this process dies.
 *
 * @returns its URL, once it takes connections.
 */
export const runPglite = Effect.fn("runPglite")(function*(order: PgliteOrder) {
  const { child, ended } = yield* Effect.acquireRelease(
    Effect.sync(() => start(order)),
    ({ child, ended }) => stop(child, ended)
  )
  yield* Effect.raceFirst(
    isReady(child),
    Effect.flatMap(Deferred.await(ended), (reason) => Effect.fail(new SourceUnavailable({ reason })))
  ).pipe(
    Effect.timeoutOrElse({
      duration: START_LIMIT,
      orElse: () => Effect.fail(new SourceUnavailable({ reason: `PGlite is not ready after ${START_LIMIT}` }))
    })
  )
  yield* reportEnd(Deferred.await(ended))
  return Redacted.make(`postgres://postgres:${order.password}@127.0.0.1:${order.port}/postgres`)
})

const start = (order: PgliteOrder) => {
  const path = join(order.folder, "pglite.log")
  const log = openSync(path, "w", 0o600)
  const child = fork(SERVER, { detached: true, execArgv: [], stdio: ["ignore", log, log, "ipc"] })
  closeSync(log)
  child.send(order)
  return { child, ended: endOf(child, path) }
}

const isReady = (child: ChildProcess): Effect.Effect<void> =>
  Effect.callback((resume) => {
    child.once("message", () => resume(Effect.void))
  })

/** Closing the channel is also what our death does; there is no other way to stop. */
const stop = (child: ChildProcess, ended: Deferred.Deferred<string>): Effect.Effect<void, never, Scope.Scope> =>
  Effect.sync(() => child.connected && child.disconnect()).pipe(
    Effect.andThen(Deferred.await(ended)),
    Effect.timeoutOrElse({ duration: STOP_LIMIT, orElse: () => Effect.sync(() => void child.kill("SIGKILL")) })
  )
