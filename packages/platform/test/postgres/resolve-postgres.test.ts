import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Redacted } from "effect"
import { existsSync } from "node:fs"
import { dirname } from "node:path"
import { afterAll } from "vitest"
import { resolvePostgres } from "../../src/postgres/postgres-server.ts"
import { connect } from "../../src/postgres/probe-postgis.ts"
import { openRealServer } from "./real-server.ts"

const opened = await openRealServer()
afterAll(() => opened?.close())

const given = (url: string) => resolvePostgres({ mode: "ephemeral", databaseUrl: Redacted.make(url) })

describe("a given URL", () => {
  it.live.skipIf(opened === undefined)("is used as it is", () =>
    Effect.gen(function*() {
      const url = opened?.server.url ?? Redacted.make("")
      const server = yield* resolvePostgres({ mode: "persistent", databaseUrl: url })
      assert.deepStrictEqual([server.source, server.url, server.concurrent], ["url", url, true])
      assert.match(server.description, /PostgreSQL \d+\.\d+ with PostGIS 3/)
    }))

  it.live.skipIf(opened === undefined)(
    "with a wrong password is an error at once, not another database",
    () =>
      Effect.gen(function*() {
        const url = new URL(Redacted.value(opened?.server.url ?? Redacted.make("")))
        url.password = "wrong"
        const [time, error] = yield* Effect.timed(Effect.flip(given(url.toString())))
        assert.strictEqual(error._tag, "NoDatabase")
        assert.include(error.message, "password authentication failed")
        assert.isBelow(Duration.toSeconds(time), 3)
      })
  )

  it.live("where nobody listens is an error within ten seconds, not another database", () =>
    Effect.gen(function*() {
      const [time, error] = yield* Effect.timed(Effect.flip(given("postgres://postgres@127.0.0.1:1/postgres")))
      assert.strictEqual(error._tag, "NoDatabase")
      assert.include(error.message, "ECONNREFUSED")
      assert.isBelow(Duration.toSeconds(time), 12)
    }), 15_000)
})

describe("no database at all", () => {
  it.live("is an error that names every source tried, its reason, and what helps", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        resolvePostgres({ mode: "ephemeral", concurrent: true, sources: ["url", "pglite"] })
      )
      assert.include(error.message, "- url    no database URL was given")
      assert.include(error.message, "- pglite PGlite has one session, and concurrent transactions were asked for")
      assert.include(error.message, "DATABASE_URL=")
    }))
})

describe.skipIf(opened === undefined)("a throw-away server", () => {
  it.live("takes fsync for crash tests, and leaves nothing behind", () =>
    Effect.gen(function*() {
      const sources = opened === undefined ? [] : [opened.server.source]
      const folder = yield* Effect.scoped(Effect.gen(function*() {
        const server = yield* resolvePostgres({ mode: "ephemeral", sources, fsync: true })
        const sql = yield* connect(server.url)
        const names = ["fsync", "full_page_writes", "synchronous_commit", "max_connections", "data_directory"]
        const rows = yield* sql<{ value: string }>`
          SELECT current_setting(name) AS value FROM unnest(${names}::text[]) AS name`
        const [fsync, fullPageWrites, synchronousCommit, maxConnections, data = ""] = rows.map(({ value }) => value)
        assert.deepStrictEqual([fsync, fullPageWrites, synchronousCommit, maxConnections], ["on", "on", "on", "300"])
        return dirname(data)
      }))
      assert.isFalse(existsSync(folder))
    }), 30_000)
})
