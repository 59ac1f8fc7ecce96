import { assert, describe, it } from "@effect/vitest"
import { Effect, Ref } from "effect"
import type { Redacted } from "effect"
import { afterAll } from "vitest"
import { ensureTemplate, freshDatabase } from "../../src/postgres/fresh-database.ts"
import type { PostgresServer } from "../../src/postgres/postgres-server.ts"
import { connect } from "../../src/postgres/probe-postgis.ts"
import { connectionsAreKeptApart } from "./keep-apart.ts"
import { openRealServer } from "./real-server.ts"

const opened = await openRealServer()
afterAll(() => opened?.close())

const withServer = <A, E, R>(use: (server: PostgresServer["Service"]) => Effect.Effect<A, E, R>) =>
  opened === undefined ? Effect.die("skipped") : use(opened.server)

const query = (url: Redacted.Redacted, statement: string) =>
  Effect.scoped(Effect.flatMap(connect(url), (sql) => sql.unsafe(statement)))

const databases = (server: PostgresServer["Service"]) =>
  query(server.url, "SELECT datname::text FROM pg_database WHERE datname LIKE 'surety_fresh_%'")

describe.skipIf(opened === undefined)("fresh databases", () => {
  it.live(
    "are independent, have PostGIS, and are gone with their scope",
    () =>
      withServer((server) =>
        Effect.gen(function*() {
          yield* Effect.scoped(Effect.gen(function*() {
            const [one, two] = yield* Effect.all([freshDatabase({ server }), freshDatabase({ server })], {
              concurrency: 2
            })
            yield* query(one, "CREATE TABLE here AS SELECT 1 AS n")
            yield* query(two, "CREATE TABLE here AS SELECT 2 AS n")
            assert.deepStrictEqual(yield* query(one, "SELECT n FROM here"), [{ n: 1 }])
            assert.deepStrictEqual(yield* query(two, "SELECT n FROM here"), [{ n: 2 }])
            const [place] = yield* query(one, "SELECT ST_AsText('POINT(4.35 50.85)'::geography) AS place")
            assert.deepStrictEqual(place, { place: "POINT(4.35 50.85)" })
            assert.strictEqual((yield* databases(server)).length, 2)
          }))
          assert.deepStrictEqual(yield* databases(server), [])
        })
      ),
    30_000
  )

  it.live(
    "copy a template that is made once, however many ask for it at the same time",
    () =>
      withServer((server) =>
        Effect.gen(function*() {
          const made = yield* Ref.make(0)
          const ask = ensureTemplate({
            server,
            name: "surety_test_template",
            prepare: (url) =>
              Effect.andThen(Ref.update(made, (n) => n + 1), query(url, "CREATE TABLE prepared AS SELECT 7 AS n"))
          })
          yield* Effect.all([ask, ask, ask], { concurrency: 3 })
          assert.strictEqual(yield* Ref.get(made), 1)
          const url = yield* freshDatabase({ server, template: "surety_test_template" })
          assert.deepStrictEqual(yield* query(url, "SELECT n FROM prepared"), [{ n: 7 }])
        })
      ),
    30_000
  )

  it.live(
    "have no part of a template whose making failed, and the next try makes it whole",
    () =>
      withServer((server) =>
        Effect.gen(function*() {
          const name = "surety_test_broken"
          const half = ensureTemplate({
            server,
            name,
            prepare: (url) => Effect.andThen(query(url, "CREATE TABLE half (n int)"), Effect.fail("no more"))
          })
          assert.strictEqual(yield* Effect.flip(half), "no more")
          yield* ensureTemplate({ server, name, prepare: (url) => query(url, "CREATE TABLE half (whole int)") })
          const url = yield* freshDatabase({ server, template: name })
          assert.deepStrictEqual(yield* query(url, "SELECT whole FROM half"), [])
        })
      ),
    30_000
  )

  it.live(
    "keep ten connections of two roles apart",
    () => withServer((server) => Effect.flatMap(freshDatabase({ server }), connectionsAreKeptApart)),
    30_000
  )
})
