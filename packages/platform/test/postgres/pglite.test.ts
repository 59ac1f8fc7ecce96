import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Redacted } from "effect"
import { createRequire } from "node:module"
import { ensureTemplate, freshDatabase } from "../../src/postgres/fresh-database.ts"
import { resolvePostgres } from "../../src/postgres/postgres-server.ts"
import { connect } from "../../src/postgres/probe-postgis.ts"
import { connectionsAreKeptApart } from "./keep-apart.ts"

const isInstalled = (() => {
  try {
    return createRequire(import.meta.url).resolve("@electric-sql/pglite-postgis") !== ""
  } catch {
    process.stderr.write("SKIPPED: PGlite is not installed, it is an optional package\n")
    return false
  }
})()

/** The first time on a machine its data folder is made, which takes most of this. */
const TEST_LIMIT_MS = 120_000

const query = (url: Redacted.Redacted, statement: string) =>
  Effect.scoped(Effect.flatMap(connect(url), (sql) => sql.unsafe(statement)))

it.live.skipIf(!isInstalled)(
  "PGlite serves ten connections without mixing their transactions and roles",
  () =>
    Effect.gen(function*() {
      const server = yield* resolvePostgres({ mode: "ephemeral", sources: ["pglite"] })
      assert.isFalse(server.concurrent)
      yield* ensureTemplate({ server, name: "prepared", prepare: (url) => query(url, "CREATE TABLE prepared (n int)") })
      const url = yield* freshDatabase({ server, template: "prepared" })
      assert.deepStrictEqual(yield* query(url, "SELECT n FROM prepared"), [])
      yield* connectionsAreKeptApart(url)
      const elsewhere = yield* Effect.flip(query(server.url, "SELECT n FROM prepared"))
      assert.strictEqual(elsewhere.reason._tag, "SqlSyntaxError", "the first server has no such table")
    }),
  TEST_LIMIT_MS
)
