import { assert, describe, it } from "@effect/vitest"
import { database } from "@surety/platform/database"
import { administrator, testDatabase } from "@surety/testkit/test-database"
import { Context, Effect, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { FindingsStore } from "../src/findings-store.ts"
import { ReconcileProgress, type Turn } from "../src/reconcile-progress.ts"
import { connection } from "./ledger-under-test.ts"

const settings = { every_millis: 100, grace_millis: 1_000, lease_millis: 60_000, days: 7, round_percent: 2 }

/** Two orchestrators' progress on one ledger, and the tester's SQL beside it. */
const shared = Effect.gen(function*() {
  const url = yield* testDatabase
  const sql = Context.get(yield* Layer.build(administrator(url)), SqlClient.SqlClient)
  const ledger = yield* Layer.build(database(connection(url)))
  const of = (owner: string) => ReconcileProgress.make({ ...settings, owner }).pipe(Effect.provideContext(ledger))
  const findings = yield* FindingsStore.make.pipe(Effect.provideContext(ledger))
  return { sql, one: yield* of("one"), other: yield* of("other"), findings } as const
})

const claimed = Effect.fnUntraced(function*(progress: ReconcileProgress["Service"]) {
  const turn = yield* progress.claim.pipe(
    Effect.repeat({ until: (turn) => turn !== undefined, schedule: Schedule.spaced("5 millis") }),
    Effect.timeout("10 seconds")
  )
  return turn as Turn
})

describe("a look", () => {
  it.live("is one orchestrator's until it ends, and then nobody's until the next one is due", () =>
    Effect.gen(function*() {
      const { one, other, sql } = yield* shared
      const turn = yield* claimed(one)
      assert.isUndefined(yield* other.claim)
      assert.isUndefined(yield* one.claim)
      yield* one.end(turn, { millis: 1 })
      yield* sql`UPDATE ledger.reconciliation SET next_look_at = now() + interval '1 hour'`
      assert.deepStrictEqual([yield* one.claim, yield* other.claim], [undefined, undefined])
      yield* sql`UPDATE ledger.reconciliation SET next_look_at = now()`
      assert.strictEqual((yield* claimed(other)).fence, turn.fence + 1)
    }).pipe(Effect.scoped))

  it.live("that was taken over changes nothing any more: not how far it is, nor whose it is", () =>
    Effect.gen(function*() {
      const { one, other, sql } = yield* shared
      const late = yield* claimed(one)
      yield* sql`UPDATE ledger.reconciliation SET lease_until = now() - interval '1 second'`
      const turn = yield* claimed(other)
      assert.isFalse(yield* one.keep(late))
      const before = yield* sql`SELECT * FROM ledger.reconciliation`
      const advance = { listed_until: new Date(0), ended: { xact: 1n, id: 1n }, compared: 7 }
      yield* one.advance(late, advance)
      yield* one.end(late, { millis: 7 })
      assert.deepStrictEqual(yield* sql`SELECT * FROM ledger.reconciliation`, before)
      assert.isTrue(yield* other.keep(turn))
      yield* other.advance(turn, advance)
      const { compared, listed_until } = yield* other.show
      assert.deepStrictEqual([compared, Date.parse(listed_until)], [7, 0])
    }).pipe(Effect.scoped))

  it.live("leaves the round as much time as it may take, and no more", () =>
    Effect.gen(function*() {
      const { one, sql } = yield* shared
      const turn = yield* claimed(one)
      const round = { until: null, millis: 1_000 }
      yield* one.advance(turn, { listed_until: new Date(0), ended: turn.ended, compared: 0, round })
      const [row] = yield* sql<{ wait: number; rounds: number }>`
        SELECT extract(epoch FROM round_at - now())::float8 AS wait, rounds FROM ledger.reconciliation`
      assert.strictEqual(row!.rounds, 1)
      assert.isTrue(row!.wait > 40 && row!.wait <= 49, `${row!.wait}`)
    }).pipe(Effect.scoped))
})

describe("a finding", () => {
  const suspicion = {
    kind: "double_hold" as const,
    provider_id: "pi_1",
    remedy: "settle" as const,
    order_id: "01900000-0000-7000-8000-000000000001" as never,
    seen: "two holds"
  }

  it.live("is one, however often it is seen, and an attempt at it is made by one of two at once", () =>
    Effect.gen(function*() {
      const { findings } = yield* shared
      yield* findings.suspect([suspicion, suspicion], 0)
      yield* findings.suspect([suspicion], 0)
      const [finding, ...more] = yield* findings.due(10)
      assert.lengthOf(more, 0)
      const to = { state: "OPEN", attempts: 1, wait_millis: 60_000 } as const
      const attempts = yield* Effect.all([findings.change(finding!, to), findings.change(finding!, to)], {
        concurrency: 2
      })
      assert.lengthOf(attempts.filter((attempt) => attempt !== undefined), 1)
      assert.lengthOf(yield* findings.due(10), 0)
    }).pipe(Effect.scoped))

  it.live("is written down as long as there are not so many that no list of them would help", () =>
    Effect.gen(function*() {
      const { findings, sql } = yield* shared
      yield* sql`
        INSERT INTO ledger.findings (kind, order_id, seen, state)
        SELECT 'double_hold', gen_random_uuid(), '', 'PARKED' FROM generate_series(1, 1999)`
      yield* findings.suspect([suspicion], 0)
      yield* findings.suspect([{ ...suspicion, provider_id: "pi_2" }], 0)
      assert.deepStrictEqual((yield* findings.due(2)).map(({ provider_id }) => provider_id ?? ""), ["", ""])
      const [row] = yield* sql<
        { n: number }
      >`SELECT count(*)::integer AS n FROM ledger.findings WHERE provider_id <> ''`
      assert.strictEqual(row?.n, 1)
    }).pipe(Effect.scoped))
})
