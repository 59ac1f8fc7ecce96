import { migrate } from "@surety/platform/migrate"
import { freshDatabase } from "@surety/platform/postgres/fresh-database"
import { type PostgresServer, resolvePostgres } from "@surety/platform/postgres/postgres-server"
import { administrator } from "@surety/testkit/test-database"
import { Context, Effect, Layer, type Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fillCatalogue } from "./catalogue.ts"
import { parentOf } from "./process-cpu.ts"

/** A PostgreSQL of our own, for as long as the scope is open. */
export interface BenchServer {
  readonly server: PostgresServer["Service"]
  /** For a person: which server, and the settings that decide what a commit costs. */
  readonly description: string
  /** The postmaster; its children are the server. */
  readonly pid: number
  /** The file it logs to. */
  readonly log: string
}

/** A migrated and stocked database on it. */
export interface BenchDatabase {
  readonly url: Redacted.Redacted
  readonly sql: SqlClient.SqlClient
}

const connect = (url: Redacted.Redacted) =>
  Effect.map(Layer.build(administrator(url)), (context) => Context.get(context, SqlClient.SqlClient))

/** Reachable for the user PostgreSQL runs as, so that root's runs leave nothing elsewhere. */
const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = mkdtempSync(join(tmpdir(), "surety-bench-"))
    chmodSync(folder, 0o755)
    return folder
  }),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
)

/** What is counted needs libraries that are loaded at start, and WAL that is still there when it is read. */
const prepare = Effect.fnUntraced(function*(server: PostgresServer["Service"]) {
  const sql = yield* connect(server.url)
  const available = yield* sql`SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements'`
  if (available.length > 0) yield* sql`ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'`
  yield* sql`ALTER SYSTEM SET wal_keep_size = '1GB'`
}, Effect.scoped)

const describe = Effect.fnUntraced(function*(server: PostgresServer["Service"], dataFolder: string) {
  const sql = yield* connect(server.url)
  const [row] = yield* sql<{ fsync: string; commit: string; pages: string; backend: number }>`
    SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
      current_setting('full_page_writes') AS pages, pg_backend_pid() AS backend`
  if (row?.fsync !== "on" || row.commit !== "on" || row.pages !== "on") {
    return yield* Effect.die(new Error(`the server does not write commits to disk: ${JSON.stringify(row)}`))
  }
  const description = `${server.description}; fsync, synchronous_commit and full_page_writes on`
  const log = join(dataFolder, server.source, "postgres.log")
  return { server, description, log, pid: parentOf(row.backend) ?? Number.NaN } satisfies BenchServer
}, Effect.scoped)

/**
 * A private cluster as production has one: commits on disk, autovacuum at work. That is what a lasting one is, so it is
 * one, in a folder that goes with it; started twice, since what counts its statements has to be loaded at start.
 */
export const benchServer = Effect.gen(function*() {
  const dataFolder = yield* temporaryFolder
  const options = { mode: "persistent", dataFolder, concurrent: true, sources: ["local", "debian"] } as const
  yield* Effect.scoped(Effect.flatMap(resolvePostgres(options), prepare))
  return yield* Effect.flatMap(resolvePostgres(options), (server) => describe(server, dataFolder))
})

export const benchDatabase = Effect.fnUntraced(function*({ server }: BenchServer) {
  const url = yield* freshDatabase({ server })
  yield* migrate(url)
  const sql = yield* connect(url)
  for (const extension of ["pg_stat_statements", "pg_walinspect"]) {
    const available = yield* sql`SELECT FROM pg_available_extensions WHERE name = ${extension}`
    if (available.length > 0) yield* sql.unsafe(`CREATE EXTENSION ${extension}`)
  }
  yield* fillCatalogue.pipe(Effect.provideService(SqlClient.SqlClient, sql))
  return { url, sql } satisfies BenchDatabase
})
