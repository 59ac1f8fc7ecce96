import { Effect, Redacted } from "effect"
import type { Scope } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { randomBytes } from "node:crypto"
import { ensurePgliteTemplate, freshPglite } from "./pglite-databases.ts"
import type { PostgresServer } from "./postgres-server.ts"
import type { SourceUnavailable } from "./postgres-source.ts"
import { connect } from "./probe-postgis.ts"

/** Nothing but PostGIS. */
const EMPTY_TEMPLATE = "surety_postgis"

/** First half of the advisory locks' key; the second is the template's name. */
const TEMPLATE_LOCK = 7326

/**
 * Makes an empty database with PostGIS, or a copy of a template, and drops it when the scope closes.
 *
 * @param options.template a name given to `ensureTemplate` before
 * @returns the new database's URL
 */
export const freshDatabase = Effect.fn("freshDatabase")(function*(options: {
  readonly server: PostgresServer["Service"]
  readonly template?: string | undefined
}) {
  const { server, template } = options
  if (server.source === "pglite") return yield* freshPglite(server.url, template)
  if (template === undefined) yield* ensureTemplate({ server, name: EMPTY_TEMPLATE, prepare: () => Effect.void })
  const name = `surety_fresh_${randomBytes(6).toString("hex")}`
  yield* Effect.acquireRelease(
    run(server.url, `CREATE DATABASE ${name} TEMPLATE ${identifier(template ?? EMPTY_TEMPLATE)}`),
    () => Effect.ignore(run(server.url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`), { log: "Warn" })
  )
  return databaseOf(server.url, name)
})

/**
 * Builds a template database once a name: PostGIS, and whatever `prepare` does to it. Processes that ask at the same time
 * wait for the one that builds. A template exists whole or not at all, so a new content needs a new name.
 */
export const ensureTemplate = <E, R>(options: {
  readonly server: PostgresServer["Service"]
  /** Lower-case letters, digits and underscores. */
  readonly name: string
  readonly prepare: (url: Redacted.Redacted) => Effect.Effect<unknown, E, R>
}): Effect.Effect<void, E | SqlError | SourceUnavailable, Exclude<R, Scope.Scope>> =>
  Effect.scoped(Effect.gen(function*() {
    const { name, prepare, server } = options
    if (server.source === "pglite") return yield* ensurePgliteTemplate(server.url, identifier(name), prepare)
    const sql = yield* connect(server.url)
    // Ours until this session closes, which also a killed process' does.
    yield* sql`SELECT pg_advisory_lock(${TEMPLATE_LOCK}, hashtext(${name}))`
    if ((yield* sql`SELECT FROM pg_database WHERE datname = ${name}`).length > 0) return
    const draft = identifier(`${name}_draft`)
    yield* sql.unsafe(`DROP DATABASE IF EXISTS ${draft} WITH (FORCE)`)
    yield* sql.unsafe(`CREATE DATABASE ${draft} TEMPLATE template0`)
    const url = databaseOf(server.url, draft)
    yield* run(url, "CREATE EXTENSION postgis")
    yield* prepare(url)
    yield* sql.unsafe(`ALTER DATABASE ${draft} RENAME TO ${identifier(name)}`)
  }))

const run = (url: Redacted.Redacted, statement: string) =>
  Effect.scoped(Effect.flatMap(connect(url), (sql) => sql.unsafe(statement)))

const databaseOf = (server: Redacted.Redacted, database: string) => {
  const url = new URL(Redacted.value(server))
  url.pathname = `/${database}`
  url.searchParams.delete("dbname")
  return Redacted.make(url.toString())
}

/** A name that needs no quotes; anything else is a mistake in the program. */
const identifier = (name: string): string => {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name)) throw new Error(`not a database name: ${name}`)
  return name
}
