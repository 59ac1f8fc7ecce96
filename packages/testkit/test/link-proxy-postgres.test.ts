import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { WatchedConnection } from "@surety/platform/database-connection"
import { type Fault, linkProxy, type Moment } from "@surety/testkit/link-proxy"
import { administrator, emptyDatabase } from "@surety/testkit/test-database"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { hitsOf } from "./link-under-test.ts"

/** How long a client waits that expects an answer, however busy the machine is, and one that expects none. */
const PATIENCE_MILLIS = 10_000
const SILENCE_MILLIS = 1_500

const clientOf = (layer: Layer.Layer<SqlClient.SqlClient, unknown>) =>
  Effect.map(Effect.orDie(Layer.build(layer)), (context) => Context.get(context, SqlClient.SqlClient))

/** A table, a client with one connection that goes through the proxy, and one that does not. */
const databaseBehindLink = Effect.fnUntraced(function*(patience = PATIENCE_MILLIS) {
  const target = yield* emptyDatabase
  const direct = yield* clientOf(administrator(target))
  yield* direct`CREATE TABLE notes (id serial, text text NOT NULL)`
  const link = yield* linkProxy({ name: "notes->postgres", wire: "postgres", target, seed: 5 })
  const sql = yield* clientOf(PgClient.layer({
    url: link.url,
    maxConnections: 1,
    stream: () => new WatchedConnection(Redacted.value(link.url), patience)
  }))
  const notes = Effect.map(
    direct<{ text: string }>`SELECT text FROM notes ORDER BY id`,
    (rows) => rows.map(({ text }) => text)
  )
  return { link, sql, notes, insert: (text: string) => sql`INSERT INTO notes (text) VALUES (${text}) RETURNING id` }
})

/** How a statement ends for its client: answered, lost, or not within the time it waits. */
const seen = <A, E>(statement: Effect.Effect<A, E>) =>
  statement.pipe(
    Effect.exit,
    Effect.map((exit) =>
      Exit.isSuccess(exit) ? "answered" : /said nothing/.test(String(exit.cause)) ? "silence" : "lost"
    ),
    Effect.timeoutOrElse({ duration: "30 seconds", orElse: () => Effect.succeed("nothing at all") })
  )

/** What the client sees of a statement, and how often the database does it. */
const fates: Record<Fault, { readonly seen: string; readonly done: number }> = {
  delay: { seen: "answered", done: 1 },
  refuse: { seen: "lost", done: 0 },
  reset_before: { seen: "lost", done: 0 },
  reset_after: { seen: "lost", done: 1 },
  blackhole: { seen: "silence", done: 0 },
  half_open: { seen: "silence", done: 1 },
  truncate: { seen: "lost", done: 1 },
  garbage: { seen: "lost", done: 1 },
  duplicate: { seen: "answered", done: 2 },
  trickle: { seen: "answered", done: 1 },
  swallow: { seen: "lost", done: 1 }
}

describe("a link between a service and PostgreSQL", () => {
  it.live("that is well passes log-in, statements, transactions, errors and large answers as they are", () =>
    Effect.gen(function*() {
      const { insert, link, notes, sql } = yield* databaseBehindLink()
      yield* Effect.forEach(Array.from({ length: 100 }, (_, i) => `note ${i}`), insert)
      yield* sql.withTransaction(Effect.andThen(insert("a"), insert("b")))
      assert.strictEqual(yield* seen(sql.withTransaction(Effect.andThen(insert("c"), sql`SELECT 1 / 0`))), "lost")
      const long = "x".repeat(300_000)
      assert.deepStrictEqual(yield* sql`SELECT ${long} AS long`, [{ long }])
      assert.strictEqual((yield* notes).length, 102)
      assert.deepStrictEqual(yield* hitsOf(link, "INSERT INTO notes"), { none: 103 })
      assert.deepStrictEqual(yield* hitsOf(link, "COMMIT"), { none: 1 })
      assert.deepStrictEqual(yield* hitsOf(link, "ROLLBACK"), { none: 1 })
    }).pipe(Effect.scoped))

  for (const [fault, fate] of Object.entries(fates) as ReadonlyArray<[Fault, (typeof fates)[Fault]]>) {
    it.live(`that suffers ${fault}: a statement is done ${fate.done} times, and its answer is ${fate.seen}`, () =>
      Effect.gen(function*() {
        const { insert, link, notes } = yield* databaseBehindLink(fate.seen === "silence" ? SILENCE_MILLIS : undefined)
        yield* insert("before")
        yield* link.suffer({ [fault]: 1 }, { delay_millis: 60 })
        assert.strictEqual(yield* seen(insert("x")), fate.seen)
        // The first statement finds its connection closed, the second no other.
        if (fault === "refuse") assert.strictEqual(yield* seen(insert("x")), fate.seen)
        const hits = yield* hitsOf(link, fault === "refuse" ? "connect" : "INSERT INTO notes")
        assert.isAtLeast(hits[fault] ?? 0, 1)

        yield* link.heal
        assert.strictEqual(yield* seen(insert("after")), "answered")
        assert.deepStrictEqual(yield* notes, ["before", ...Array.from({ length: fate.done }, () => "x"), "after"])
      }).pipe(Effect.scoped))
  }

  it.live("swallows the answer to a COMMIT, and to a single statement that writes, and to nothing else", () =>
    Effect.gen(function*() {
      const { insert, link, notes, sql } = yield* databaseBehindLink()
      yield* link.suffer({ swallow: 1 })
      assert.strictEqual(yield* seen(sql`SELECT count(*) FROM notes`), "answered")
      assert.strictEqual(yield* seen(insert("single")), "lost")
      const both = sql.withTransaction(Effect.andThen(insert("first"), insert("second")))
      assert.strictEqual(yield* seen(both), "lost")
      assert.deepStrictEqual(yield* notes, ["single", "first", "second"])
      assert.deepStrictEqual(yield* hitsOf(link, "INSERT INTO notes"), { swallow: 1, none: 2 })
      assert.deepStrictEqual(yield* hitsOf(link, "COMMIT"), { swallow: 1 })
    }).pipe(Effect.scoped))

  it.live("says nothing twice inside a transaction", () =>
    Effect.gen(function*() {
      const { insert, link, notes, sql } = yield* databaseBehindLink()
      yield* link.suffer({ duplicate: 1 })
      // Its name is parsed by the first, and known by the second.
      for (const text of ["new", "known"]) assert.strictEqual(yield* seen(insert(text)), "answered")
      assert.strictEqual(yield* seen(sql.withTransaction(insert("once"))), "answered")
      assert.deepStrictEqual(yield* notes, ["new", "new", "known", "known", "once"])
    }).pipe(Effect.scoped))

  it.live("can be cut and restored", () =>
    Effect.gen(function*() {
      const { insert, link, notes } = yield* databaseBehindLink()
      yield* insert("before")
      yield* link.cut
      assert.strictEqual(yield* seen(insert("meanwhile")), "lost")
      yield* link.restore
      // The pool may still say once more that nobody was there.
      yield* Effect.retry(insert("after"), { times: 3 })
      assert.deepStrictEqual(yield* notes, ["before", "after"])
    }).pipe(Effect.scoped))
})

describe("a trigger on a statement", () => {
  const done: Record<Moment, number> = { before_forwarding: 0, after_forwarding: 1, answer_withheld: 1, after_reply: 1 }
  for (const [moment, count] of Object.entries(done) as ReadonlyArray<[Moment, number]>) {
    it.live(`acts ${moment}, when the database ${count === 0 ? "has not done it" : "does it"}`, () =>
      Effect.gen(function*() {
        const { insert, link, notes } = yield* databaseBehindLink()
        yield* insert("before")
        const [reached, release] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const act = Effect.andThen(Deferred.succeed(reached, undefined), Deferred.await(release))
        const hit = yield* link.trigger({ match: ({ payload }) => payload.includes("x"), moment, act })
        const client = yield* Effect.forkChild(seen(insert("x")))
        yield* Deferred.await(reached)
        if (moment === "after_reply") assert.strictEqual(yield* Fiber.join(client), "answered")
        if (moment !== "after_forwarding") assert.strictEqual((yield* notes).length, 1 + count)
        yield* Deferred.succeed(release, undefined)
        assert.deepInclude(yield* hit, { what: "INSERT INTO notes", payload: "x", link: "notes->postgres" })
        assert.strictEqual(yield* Fiber.join(client), "answered")
        assert.deepStrictEqual(yield* notes, ["before", "x"])
      }).pipe(Effect.scoped))
  }

  it.live("knows a COMMIT by what it commits, and whose connection is reset there is left in doubt", () =>
    Effect.gen(function*() {
      const { insert, link, notes, sql } = yield* databaseBehindLink()
      const commitOf = (moment: Moment) =>
        link.trigger({
          match: ({ what, within }) => what === "COMMIT" && within.includes("INSERT INTO notes"),
          moment,
          act: Effect.void,
          afterwards: "drop"
        })
      yield* sql.withTransaction(sql`SELECT 1`)
      const before = yield* commitOf("before_forwarding")
      assert.strictEqual(yield* seen(sql.withTransaction(insert("lost"))), "lost")
      yield* before
      const after = yield* commitOf("answer_withheld")
      assert.strictEqual(yield* seen(sql.withTransaction(insert("kept"))), "lost")
      yield* after
      assert.deepStrictEqual(yield* notes, ["kept"])
    }).pipe(Effect.scoped))
})
