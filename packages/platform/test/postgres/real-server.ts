import { Effect, Exit, Scope } from "effect"
import { PostgresServer, type ResolveOptions, resolvePostgres } from "../../src/postgres/postgres-server.ts"
import type { Source } from "../../src/postgres/postgres-source.ts"

/** Sources of a server with real sessions, whatever this machine has. */
export const REAL_SOURCES: ReadonlyArray<Source> = ["local", "debian", "docker"]

/**
 * A throw-away server for one test file, and how to stop it; undefined where the machine can have none. Then the tests
 * that need one are skipped, aloud, and where CI is set the file fails instead.
 */
export const openRealServer = async (options: Partial<ResolveOptions> = {}) => {
  const scope = Scope.makeUnsafe()
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  const resolved = await Effect.runPromiseExit(
    Scope.provide(resolvePostgres({ mode: "ephemeral", sources: REAL_SOURCES, concurrent: true, ...options }), scope)
  )
  if (Exit.isSuccess(resolved)) return { server: PostgresServer.of(resolved.value), close }
  await close()
  if (process.env["CI"] !== undefined) throw new Error(String(resolved.cause))
  process.stderr.write(`SKIPPED: these tests need a real PostgreSQL\n${String(resolved.cause)}\n`)
  return undefined
}
