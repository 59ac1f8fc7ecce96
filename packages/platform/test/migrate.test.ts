import { assert, describe, it } from "@effect/vitest"
import { migrate, statementsOf } from "@surety/platform/migrate"
import { freshDatabase } from "@surety/platform/postgres/fresh-database"
import { administrator } from "@surety/testkit/test-database"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inject } from "vitest"

const emptyDatabase = Effect.suspend(() => {
  const { concurrent, url } = inject("postgres")
  return freshDatabase({ server: { source: "url", description: "", url: Redacted.make(url), concurrent } })
})

const migrations = (files: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const root = mkdtempSync(join(tmpdir(), "migrations-"))
      mkdirSync(join(root, "shop"))
      const write = (file: string, text: string) => writeFileSync(join(root, "shop", file), text)
      for (const [file, text] of Object.entries(files)) write(file, text)
      return { root, write }
    }),
    ({ root }) => Effect.sync(() => rmSync(root, { recursive: true }))
  )

describe("migrations", () => {
  it("are split where statements end, not inside quotes, dollar bodies or comments", () => {
    const script = "CREATE TABLE a (b text DEFAULT 'x;y'); -- one; two\n" +
      "DO $$ BEGIN PERFORM 1; END $$;\n/* a; b */ SELECT \"odd;name\";\n-- the end;"
    assert.deepStrictEqual(statementsOf(script), [
      "CREATE TABLE a (b text DEFAULT 'x;y')",
      "-- one; two\nDO $$ BEGIN PERFORM 1; END $$",
      "/* a; b */ SELECT \"odd;name\""
    ])
  })

  it.live("are applied once, in order, and a new one is added later", () =>
    Effect.gen(function*() {
      const url = yield* emptyDatabase
      const { root, write } = yield* migrations({ "0001_a.sql": "CREATE TABLE a (n int); INSERT INTO a VALUES (1)" })
      yield* migrate(url, root)
      write("0002_b.sql", "INSERT INTO a VALUES (2)")
      yield* migrate(url, root)
      yield* migrate(url, root)
      const rows = yield* Effect.flatMap(SqlClient.SqlClient, (sql) => sql<{ n: number }>`SELECT n FROM a ORDER BY n`)
        .pipe(
          Effect.provide(administrator(url))
        )
      assert.deepStrictEqual(rows.map((row) => row.n), [1, 2])
    }).pipe(Effect.scoped))

  it.live("changed after they were applied are refused by name", () =>
    Effect.gen(function*() {
      const url = yield* emptyDatabase
      const { root, write } = yield* migrations({ "0001_a.sql": "CREATE TABLE a (n int)" })
      yield* migrate(url, root)
      write("0001_a.sql", "CREATE TABLE a (n bigint)")
      const error = yield* Effect.flip(migrate(url, root))
      assert.strictEqual(error._tag, "MigrationChanged")
      assert.include(error.message, "migrations/shop/0001_a.sql")
    }).pipe(Effect.scoped))
})
