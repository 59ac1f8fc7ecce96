import { assert, describe, it } from "@effect/vitest"
import { invariants } from "@surety/platform/telemetry/catalogue"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { correctness } from "../src/correctness.ts"
import { booksUnderTest, connection, observed } from "./ledger-under-test.ts"

const ORDERS_A_LOOK = 100
const FIRST_ID = "00000000-0000-0000-0000-000000000001"

interface PaymentChanges {
  readonly amount?: number
  readonly captured?: number
  readonly refunded?: number
  readonly age?: string
}

/** Books of payments and reservations, of one product and in one warehouse, and what the orchestrator says of them. */
const judgedBooks = Effect.gen(function*() {
  const books = yield* booksUnderTest
  const { receiver, sql, url } = books
  const [product, warehouse] = [randomUUID(), randomUUID()]
  yield* sql`INSERT INTO inventory.products (id, sku, name, price_cents) VALUES (${product}::uuid, 'tea', 'Tea', 500)`
  yield* sql`
    INSERT INTO inventory.warehouses (id, code, name, location) VALUES (${warehouse}::uuid, 'w', 'W', 'POINT(13 52)')`
  yield* sql`INSERT INTO inventory.stock (product_id, warehouse_id) VALUES (${product}::uuid, ${warehouse}::uuid)`

  const payment = (
    reference: string,
    status: string,
    { age = "1 s", amount = 500, captured = 0, refunded = 0 }: PaymentChanges = {}
  ) =>
    sql`
      INSERT INTO payment.payments
        (reference, amount_cents, currency, status, token, provider_id, captured_cents, refunded_cents, created_at)
      VALUES (${reference}::uuid, ${amount}::int, 'usd', ${status}::text,
        CASE ${status}::text WHEN 'AUTHORIZING' THEN 'tok' END, 'pi', ${captured}::int, ${refunded}::int,
        now() - ${age}::interval)`
  /** One unit of the product. */
  const reservation = (order: string, status: string, age = "1 s", expires: string | null = null) =>
    sql`
      INSERT INTO inventory.reservations (order_id, status, lines, released_at, expires_at, created_at)
      VALUES (${order}::uuid, ${status}::text, uuid_send(${product}::uuid) || uuid_send(${warehouse}::uuid) || int2send(1::int2),
        CASE ${status}::text WHEN 'RELEASED' THEN now() END, now() + ${expires}::interval, now() - ${age}::interval)`
  /** Counters as the movements and the reservations have them. */
  const balance = Effect.andThen(
    sql`
      INSERT INTO inventory.movements (cause_id, product_id, warehouse_id, on_hand_delta, line, kind)
      VALUES (gen_random_uuid(), ${product}::uuid, ${warehouse}::uuid, 100, 0, 'adjust')`,
    sql`
      UPDATE inventory.stock SET on_hand = 100,
        reserved = (SELECT count(*) FROM inventory.reservations WHERE status = 'HELD')`
  )
  const count = (invariant: string) =>
    receiver.seriesOf("correctness.violations", { "correctness.invariant": invariant })[0]?.value
  const judged = (expected: Readonly<Record<string, number>>) =>
    receiver.until(
      JSON.stringify(expected),
      () => invariants.every((invariant) => count(invariant) === (expected[invariant] ?? 0)) || undefined
    )
  const said = () =>
    receiver.logs().map(({ attributes, body, severity }) => [severity, body, attributes["correctness.invariant"]])
  const begin = observed(correctness({ every_millis: 20, orders_a_look: ORDERS_A_LOOK }, connection(url)), receiver)
  return { ...books, payment, reservation, balance, count, judged, said, begin }
})

describe("the books", () => {
  it.live("are not wrong while orders are under way, when they ended well, and of what came without an order just now", () =>
    Effect.gen(function*() {
      const { balance, begin, entry, judged, payment, reservation, said, sql } = yield* judgedBooks
      for (const status of ["AUTHORIZED", "INVENTORY_RESERVED", "COMPENSATING"]) {
        const id = yield* entry(status)
        yield* payment(id, "AUTHORIZED", { age: "1 hour" })
        yield* reservation(id, "HELD", "1 hour")
      }
      const completed = yield* entry("COMPLETED")
      yield* payment(completed, "CAPTURED", { captured: 500 })
      yield* reservation(completed, "COMMITTED")
      const failed = yield* entry("FAILED")
      yield* payment(failed, "REFUNDED", { captured: 500, refunded: 500 })
      yield* reservation(failed, "RELEASED")
      yield* payment(randomUUID(), "AUTHORIZING")
      yield* reservation(randomUUID(), "HELD")
      yield* reservation(randomUUID(), "HELD", "1 hour", "1 hour")
      yield* balance
      // One that is wrong, so that it is known when they have been judged.
      const wrong = yield* entry("FAILED")
      yield* payment(wrong, "AUTHORIZED")
      yield* begin
      yield* judged({ orphan_hold: 1 })
      yield* sql`UPDATE payment.payments SET status = 'VOIDED' WHERE reference = ${wrong}::uuid`
      yield* judged({})
      assert.deepStrictEqual(said(), [["ERROR", "correctness.violated", "orphan_hold"]])
    }).pipe(Effect.scoped))

  it.live("are wrong when money or stock is held for nobody, taken twice, or not where it should be", () =>
    Effect.gen(function*() {
      const { balance, begin, entry, judged, payment, receiver, reservation, said, sql } = yield* judgedBooks
      const [completed, failed, archived] = [yield* entry("COMPLETED"), yield* entry("FAILED"), yield* entry("FAILED")]
      yield* sql`CREATE TABLE ledger.archive_rest PARTITION OF ledger.archive DEFAULT`
      yield* sql`INSERT INTO ledger.archive SELECT e.* FROM ledger.entries e WHERE id = ${archived}::uuid`
      yield* sql`DELETE FROM ledger.entries WHERE id = ${archived}::uuid`
      yield* payment(yield* entry("COMPLETED"), "CAPTURED", { amount: 1_000, captured: 1_000 })
      for (
        const [id, age] of [[completed, "1 s"], [failed, "1 s"], [archived, "1 s"], [randomUUID(), "1 hour"]] as const
      ) {
        yield* payment(id, "AUTHORIZED", { age })
        yield* reservation(id, "HELD", age)
      }
      yield* payment(yield* entry("FAILED"), "CAPTURED", { captured: 500 })
      yield* reservation(yield* entry("FAILED"), "COMMITTED")
      yield* balance
      yield* begin
      yield* judged({ double_capture: 1, orphan_hold: 5, leaked_reservation: 5 })
      yield* sql`ALTER TABLE inventory.stock DROP CONSTRAINT stock_never_oversold`
      yield* sql`UPDATE inventory.stock SET on_hand = reserved - 1`
      yield* judged({ double_capture: 1, orphan_hold: 5, leaked_reservation: 5, oversell: 1, stock_drift: 1 })
      const words = ["double_capture", "leaked_reservation", "orphan_hold", "oversell", "stock_drift"]
      yield* receiver.until("a line for each", () => said().length === words.length || undefined)
      assert.sameDeepMembers(said(), words.map((invariant) => ["ERROR", "correctness.violated", invariant]))
    }).pipe(Effect.scoped))

  it.live("are judged however many orders there were since, and what is wrong stays known until it is right", () =>
    Effect.gen(function*() {
      const { balance, begin, count, judged, payment, receiver, said, sql } = yield* judgedBooks
      yield* balance
      yield* payment(FIRST_ID, "AUTHORIZED", { age: "1 year" })
      yield* sql`
        INSERT INTO payment.payments (reference, amount_cents, currency, status)
        SELECT gen_random_uuid(), 0, 'usd', 'VOIDED' FROM generate_series(1, ${5 * ORDERS_A_LOOK})`
      yield* begin
      yield* judged({ orphan_hold: 1 })
      const values = new Set<number | undefined>()
      const from = receiver.requests()
      yield* receiver.until("twenty more exports", () => {
        values.add(count("orphan_hold"))
        return receiver.requests() > from + 20 || undefined
      })
      assert.deepStrictEqual([...values], [1])
      yield* sql`UPDATE payment.payments SET status = 'VOIDED' WHERE reference = ${FIRST_ID}::uuid`
      yield* judged({})
      assert.strictEqual(said().length, 1)
    }).pipe(Effect.scoped))

  it.live("can be read by the auditor and changed by him in nothing", () =>
    Effect.gen(function*() {
      const { sql } = yield* judgedBooks
      yield* sql`CREATE TABLE ledger.added_later (n int)`
      const rights = yield* sql<{ right: string }>`
        SELECT DISTINCT privilege AS right FROM pg_class c
        CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS privilege
        WHERE c.relnamespace IN ('ledger'::regnamespace, 'inventory'::regnamespace, 'payment'::regnamespace,
          'orders'::regnamespace) AND c.relkind IN ('r', 'v', 'p') AND has_table_privilege('surety_auditor', c.oid, privilege)`
      const unread = yield* sql`
        SELECT relname FROM pg_class c
        WHERE c.relnamespace IN ('ledger'::regnamespace, 'inventory'::regnamespace, 'payment'::regnamespace,
          'orders'::regnamespace) AND c.relkind IN ('r', 'v', 'p') AND NOT has_table_privilege('surety_auditor', c.oid, 'SELECT')`
      assert.deepStrictEqual([rights.map(({ right }) => right), unread], [["SELECT"], []])
    }).pipe(Effect.scoped))
})
