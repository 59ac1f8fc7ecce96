import { PgClient } from "@effect/sql-pg"
import { Effect, Schedule, Schema } from "effect"
import type { Redacted } from "effect"
import { Reactivity } from "effect/reactivity"
import { Migrator, SqlClient } from "effect/sql"
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { isDatabaseAway } from "./database.ts"

const MIGRATIONS = fileURLToPath(new URL("../../../migrations", import.meta.url))

/** How long a database may take to appear. */
const WAIT_SECONDS = 120

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

/** A migration that was applied and then changed: what the files say is not what the database is. */
export class MigrationChanged extends Schema.TaggedError<MigrationChanged>()("MigrationChanged", {
  file: Schema.String
}) {
  override get message() {
    return `${this.file} was changed after it was applied to this database; migrations only ever get added`
  }
}

/** Remembers the contents of each applied file, and refuses a database that was made by others. */
const checkContents = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, root: string, folder: string) {
  const files = readdirSync(join(root, folder)).filter((file) => file.endsWith(".sql")).map((file) => ({
    file: `${folder}/${file}`,
    sha256: createHash("sha256").update(readFileSync(join(root, folder, file))).digest("hex")
  }))
  // Two that create it at once may collide in the catalogue; the second time it is there.
  yield* sql`CREATE TABLE IF NOT EXISTS surety_migration_contents (file text PRIMARY KEY, sha256 text NOT NULL)`.pipe(
    Effect.retry({ times: 1 })
  )
  yield* sql`
    INSERT INTO surety_migration_contents (file, sha256)
    SELECT file, sha256 FROM jsonb_to_recordset(${JSON.stringify(files)}::text::jsonb) AS f (file text, sha256 text)
    ON CONFLICT (file) DO NOTHING`
  const applied = yield* sql<{ file: string; sha256: string }>`SELECT file, sha256 FROM surety_migration_contents`
  const changed = files.find(({ file, sha256 }) => applied.some((a) => a.file === file && a.sha256 !== sha256))
  if (changed !== undefined) return yield* new MigrationChanged({ file: `migrations/${changed.file}` })
})

/**
 * Brings every schema up to date: each folder of `migrations/` in the order of its name, each in one transaction, a
 * journal table a folder. Safe to run at once from several processes. Waits for a database that is not there yet.
 */
export const migrate = Effect.fn("migrate")(
  function*(url: Redacted.Redacted, root: string = MIGRATIONS) {
    const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    const sql = yield* PgClient.make({ url, maxConnections: 2, applicationName: "surety-migrate" })
    yield* sql`SELECT 1`.pipe(
      Effect.tapError(() => Effect.logInfo("waiting for the database")),
      Effect.retry({ while: isDatabaseAway, schedule: Schedule.spaced("1 second"), times: WAIT_SECONDS })
    )
    for (const folder of folders.map((entry) => entry.name).toSorted()) {
      const table = `surety_migrations_${folder.replaceAll("-", "_")}`
      const applied = yield* runMigrator({ loader: loadFolder(join(root, folder)), table }).pipe(
        Effect.provideService(SqlClient.SqlClient, sql)
      )
      for (const [id, name] of applied) yield* Effect.logInfo("migrated", { folder, id, name })
      yield* checkContents(sql, root, folder)
    }
  },
  Effect.scoped,
  Effect.provide(Reactivity.layer)
)
