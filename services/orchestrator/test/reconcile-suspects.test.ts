import { assert, describe, it } from "@effect/vitest"
import { makeOrderId } from "@surety/domain/ids"
import { database } from "@surety/platform/database"
import { administrator, testDatabase } from "@surety/testkit/test-database"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { randomBytes } from "node:crypto"
import type { OrderFacts } from "../src/reconcile-facts.ts"
import { makeSuspects } from "../src/reconcile-suspects.ts"
import { verdictsOn } from "../src/reconcile-verdict.ts"
import { allFacts, paymentAt, type Standing } from "./facts-under-test.ts"
import { connection } from "./ledger-under-test.ts"

/** The provider as our record has it, so that only our own books can differ. */
const asOnRecord = (status: string): Standing =>
  status === "CAPTURED"
    ? "captured"
    : status === "REFUNDED"
    ? "refunded"
    : status === "AUTHORIZED"
    ? "held"
    : "canceled"
const alike = (facts: OrderFacts): OrderFacts => ({
  ...facts,
  at_provider: facts.payment?.provider_id == null ? [] : [paymentAt("pi_own", asOnRecord(facts.payment.status))]
})

/** Each way in which our own books can stand to each other, once. */
const ways = [...new Map(allFacts.map((facts) => {
  const { entry, order, payment, reservation } = facts
  return [JSON.stringify([entry, order, payment, reservation]), facts] as const
})).values()]

const FROM = Date.parse("2026-01-01")
const all = [new Date(FROM), new Date(FROM + ways.length)] as const

const writeBooks = Effect.fnUntraced(function*(sql: SqlClient.SqlClient) {
  const written = ways.map((facts, n) => {
    const id = makeOrderId({ epochMillis: FROM + n, shard: 0, random: new Uint8Array(randomBytes(9)) })
    return { id, facts }
  })
  yield* sql`SET session_replication_role = 'replica'`
  for (const { facts: { entry, order, payment, reservation }, id } of written) {
    if (entry !== null) {
      yield* sql`
        INSERT INTO ledger.entries (id, shard, caller, idempotency_key, request_hash, user_id, email, items, total_cents,
          currency, status, reason, ended_at, created_at)
        VALUES (${id}::uuid, 0, 'test', ${id}::text, decode(repeat('00', 32), 'hex'), 'user', 'user@example.test', '[]',
          ${entry.total_cents}::bigint, 'usd', ${entry.status}::text, 'because', now() - interval '1 hour',
          now() - interval '1 hour')`
    }
    if (payment !== null) {
      yield* sql`
        INSERT INTO payment.payments (reference, amount_cents, currency, status, token, provider_id, captured_cents,
          refunded_cents)
        VALUES (${id}::uuid, ${payment.amount_cents}::bigint, 'usd', ${payment.status}::text,
          CASE ${payment.status}::text WHEN 'AUTHORIZING' THEN 'tok' END, ${payment.provider_id}::text,
          ${payment.captured_cents}::bigint, ${payment.refunded_cents}::bigint)`
    }
    if (order !== null) {
      yield* sql`
        INSERT INTO orders.orders (order_ledger_id, user_id, email, items, total_cents, currency, status, cancel_reason)
        VALUES (${id}::uuid, 'user', 'user@example.test', '[]', ${order.total_cents}::bigint, 'usd',
          ${order.status}::text, CASE ${order.status}::text WHEN 'CANCELLED' THEN 'because' END)`
    }
    if (reservation !== null) {
      yield* sql`
        INSERT INTO inventory.reservations (order_id, status, lines, reason, released_at)
        VALUES (${id}::uuid, ${reservation.status}::text,
          CASE ${reservation.status}::text WHEN 'REFUSED' THEN ''::bytea ELSE decode(repeat('00', 34), 'hex') END,
          CASE ${reservation.status}::text WHEN 'REFUSED' THEN 'insufficient_stock' END,
          CASE ${reservation.status}::text WHEN 'RELEASED' THEN now() END)`
    }
  }
  return written
})

describe("a glance at our own books", () => {
  it.live("suspects every order that a closer look finds something in, by its id or by its time, archived or not", () =>
    Effect.gen(function*() {
      const url = yield* testDatabase
      const admin = Context.get(yield* Layer.build(administrator(url)), SqlClient.SqlClient)
      const written = yield* admin.withTransaction(writeBooks(admin))
      const auditor = yield* Layer.build(database({ ...connection(url), role: "surety_auditor" }))
      const suspects = makeSuspects(Context.get(auditor, SqlClient.SqlClient), 1_000)
      const ids = written.map(({ id }) => id)
      const found = ({ facts }: (typeof written)[number]) => verdictsOn(alike(facts), "let_go").length > 0
      const withEntry = written.filter(({ facts }) => facts.entry !== null)
      const expected = withEntry.filter(found)
      const without = written.filter(({ facts }) => facts.entry === null).filter(found)
      assert.isAbove(expected.length, 400)
      assert.isBelow(expected.length, withEntry.length)

      const assertSuspected = (suspected: ReadonlyArray<string>, wanted: typeof written) => {
        const known = new Set(suspected)
        assert.deepStrictEqual(wanted.filter(({ id }) => !known.has(id)).map(({ facts }) => facts), [])
        assert.strictEqual(suspected.length, wanted.length)
      }
      const look = Effect.fnUntraced(function*() {
        const byIds = yield* suspects.byIds(ids, 0)
        const byTime = yield* suspects.byTime(...all)
        assertSuspected(byIds.suspects, expected)
        assertSuspected(byTime.suspects, expected)
        assert.deepStrictEqual([byIds.compared, byTime.compared], [withEntry.length, withEntry.length])
        assertSuspected(yield* suspects.withoutEntry(...all), without)
      })
      yield* look()
      yield* admin`CREATE TABLE ledger.archive_rest PARTITION OF ledger.archive DEFAULT`
      yield* admin`INSERT INTO ledger.archive SELECT e.* FROM ledger.entries e`
      yield* look()
      yield* admin`DELETE FROM ledger.entries`
      yield* look()
    }).pipe(Effect.scoped))
})
