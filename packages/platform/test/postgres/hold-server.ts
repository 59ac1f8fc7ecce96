/** A process with a persistent server: `node hold-server.ts <data folder>`. Prints the URL, then waits to be killed. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Redacted } from "effect"
import { resolvePostgres } from "../../src/postgres/postgres-server.ts"
import { REAL_SOURCES } from "./real-server.ts"

Effect.gen(function*() {
  const server = yield* resolvePostgres({
    mode: "persistent",
    dataFolder: process.argv[2],
    sources: REAL_SOURCES,
    say: () => Effect.void
  })
  process.stdout.write(`${Redacted.value(server.url)}\n`)
  return yield* Effect.never
}).pipe(Effect.scoped, NodeRuntime.runMain)
