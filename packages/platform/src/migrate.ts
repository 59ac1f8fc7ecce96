import { PgClient } from "@effect/sql-pg"
import { Effect, Schedule } from "effect"
import type { Redacted } from "effect"
import { Reactivity } from "effect/reactivity"
import { Migrator, SqlClient } from "effect/sql"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { isDatabaseAway } from "./database.ts"

const MIGRATIONS = fileURLToPath(new URL("../../../migrations", import.meta.url))

/** Splits a script at top-level semicolons: the driver takes one statement a call. Knows quotes, `$$` and comments. */
export const statementsOf = (script: string): ReadonlyArray<string> => {
  const token =
    /'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$(?:[A-Za-z_][A-Za-z0-9_]*)?\$)[\s\S]*?\1|--[^\n]*|\/\*[\s\S]*?\*\/|(;)/g
  const found: Array<string> = []
  let start = 0
  for (const match of script.matchAll(token)) {
    if (match[2] === undefined) continue
    found.push(script.slice(start, match.index))
    start = match.index + 1
  }
  found.push(script.slice(start))
  const isCode = (part: string) => part.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, "").trim() !== ""
  return found.map((part) => part.trim()).filter(isCode)
}

const loadFolder = (folder: string): Migrator.Loader =>
  Effect.sync(() =>
    readdirSync(folder).toSorted().flatMap((file): ReadonlyArray<Migrator.ResolvedMigration> => {
      const [, id, name] = /^(\d+)_([a-z0-9_]+)\.sql$/.exec(file) ?? []
      if (id === undefined || name === undefined) return []
      const apply = Effect.flatMap(SqlClient.SqlClient, (sql) =>
        Effect.forEach(
          statementsOf(readFileSync(join(folder, file), "utf8")),
          (statement) => sql.unsafe(statement),
          { discard: true }
        ))
      return [[Number(id), name, Effect.succeed(apply)]]
    })
  )

const runMigrator = Migrator.make({})

/**
 * Brings every schema up to date: each folder of `migrations/` in the order of its name, each in one transaction, a
 * journal table a folder. Safe to run at once from several processes. Waits for a database that is not there yet.
 */
export const migrate = Effect.fn("migrate")(
  function*(url: Redacted.Redacted) {
    const folders = readdirSync(MIGRATIONS, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    const sql = yield* PgClient.make({ url, maxConnections: 2, applicationName: "surety-migrate" })
    yield* sql`SELECT 1`.pipe(
      Effect.tapError((error) => Effect.logInfo("waiting for the database").pipe(Effect.annotateLogs({ error }))),
      Effect.retry({ while: isDatabaseAway, schedule: Schedule.spaced("1 second"), times: 120 })
    )
    for (const folder of folders.map((entry) => entry.name).toSorted()) {
      const table = `surety_migrations_${folder.replace(/^\d+-/, "").replaceAll("-", "_")}`
      const applied = yield* runMigrator({ loader: loadFolder(join(MIGRATIONS, folder)), table }).pipe(
        Effect.provideService(SqlClient.SqlClient, sql)
      )
      for (const [id, name] of applied) yield* Effect.logInfo("migrated", { folder, id, name })
    }
  },
  Effect.scoped,
  Effect.provide(Reactivity.layer)
)
