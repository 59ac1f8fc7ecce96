import { PgClient } from "@effect/sql-pg"
import { assert } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Redacted } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { connect } from "../../src/postgres/probe-postgis.ts"

const ROLES = ["surety_one", "surety_two"] as const
type Role = (typeof ROLES)[number]

const POOL = 5
const TRANSACTIONS = 30
/** Every so many transactions one breaks a constraint and rolls back. */
const FAILS_EVERY = 5

const STATEMENT_TIMEOUT: Readonly<Record<Role, string>> = { surety_one: "5s", surety_two: "7s" }

const prepare = (url: Redacted.Redacted) =>
  Effect.scoped(Effect.gen(function*() {
    const sql = yield* connect(url)
    for (const role of ROLES) {
      yield* sql.unsafe(`CREATE ROLE ${role} NOLOGIN`)
      yield* sql.unsafe(`CREATE SCHEMA ${role} AUTHORIZATION ${role}`)
      yield* sql.unsafe(`CREATE TABLE ${role}.counter (id int PRIMARY KEY, n int NOT NULL)`)
      yield* sql.unsafe(`ALTER TABLE ${role}.counter OWNER TO ${role}`)
      yield* sql.unsafe(`INSERT INTO ${role}.counter VALUES (1, 0)`)
    }
  }))

/** A pool as the services have it: everything a connection needs is in its start-up parameters. */
const pool = (url: Redacted.Redacted, role: string, statementTimeout: string) =>
  PgClient.layer({
    url,
    maxConnections: POOL,
    startupParameters: { role, statement_timeout: statementTimeout, search_path: `${role}, public`, timezone: "UTC" }
  })

const settings = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) =>
    sql`SELECT current_user::text AS role, current_setting('statement_timeout') AS timeout,
        current_setting('search_path') AS path`
)

const asRole = Effect.fn("asRole")(function*(role: Role) {
  const sql = yield* SqlClient.SqlClient
  const mine = [{ role, timeout: STATEMENT_TIMEOUT[role], path: `${role}, public` }]
  const transaction = (number: number) =>
    sql.withTransaction(Effect.gen(function*() {
      assert.deepStrictEqual(yield* settings, mine)
      const [row] = yield* sql<{ n: number }>`SELECT n FROM counter WHERE id = 1 FOR UPDATE`
      yield* sql`UPDATE counter SET n = ${(row?.n ?? 0) + 1} WHERE id = 1`
      if (number % FAILS_EVERY === 0) yield* sql`INSERT INTO counter VALUES (1, 1)`
    })).pipe(
      Effect.catchTag("SqlError", (error: SqlError.SqlError) =>
        Effect.sync(() => assert.strictEqual(error.reason._tag, "UniqueViolation")))
    )
  const alone = Effect.tap(settings, (row) => Effect.sync(() => assert.deepStrictEqual(row, mine)))
  yield* Effect.forEach(
    Array.from({ length: TRANSACTIONS }, (_, number) => number),
    (number) => Effect.all([transaction(number), alone]),
    { concurrency: "unbounded" }
  )
  // What was interrupted inside a transaction is undone, and holds up nobody.
  yield* sql.withTransaction(Effect.andThen(sql`UPDATE counter SET n = -1 WHERE id = 1`, Effect.never)).pipe(
    Effect.timeoutOption("100 millis")
  )
  assert.deepStrictEqual(yield* sql`SELECT n FROM counter WHERE id = 1`, [
    { n: TRANSACTIONS - TRANSACTIONS / FAILS_EVERY }
  ])
  const other = role === "surety_one" ? "surety_two" : "surety_one"
  const refused = yield* Effect.flip(sql.unsafe(`SELECT n FROM ${other}.counter`))
  assert.strictEqual(refused.reason._tag, "AuthorizationError")
})

/**
 * What services rely on, whatever the server: ten connections at once with two roles, each with its own role, limits and
 * search path in every statement, its transactions whole, its failures its own.
 */
export const connectionsAreKeptApart = Effect.fn("connectionsAreKeptApart")(function*(url: Redacted.Redacted) {
  yield* prepare(url)
  yield* Effect.all(
    ROLES.map((role) => Effect.provide(asRole(role), Layer.fresh(pool(url, role, STATEMENT_TIMEOUT[role])))),
    { concurrency: "unbounded" }
  )
  const nobody = yield* Effect.flip(Effect.provide(settings, pool(url, "surety_nobody", "5s")))
  assert.include(String(nobody.reason.cause), "role \"surety_nobody\" does not exist")
})
