import { assert, describe, it } from "@effect/vitest"
import { retryLocks } from "@surety/platform/database"
import { always, atRest, judge, type Verdict } from "@surety/testkit/judge"
import { Data, Effect } from "effect"
import { SqlClient } from "effect/sql"
import {
  afterTheEnd,
  assertBooksBalance,
  compareWithProvider,
  orderOf,
  place,
  stackForTests,
  stocked
} from "./stack-for-tests.ts"

/** The database's own guards, taken away so that what they prevent can be seen by the judge. */
const unguard = `
  DO $$ DECLARE c record; BEGIN
    FOR c IN SELECT conrelid::regclass AS t, conname FROM pg_constraint
      WHERE contype = 'c' AND connamespace IN ('ledger'::regnamespace, 'inventory'::regnamespace, 'payment'::regnamespace, 'orders'::regnamespace)
    LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.t, c.conname); END LOOP;
    FOR c IN SELECT tgrelid::regclass AS t, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text ~ '^(ledger|inventory|payment|orders)\\.'
    LOOP EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', c.t, c.tgname); END LOOP;
  END $$`

class Judged extends Data.TaggedError("Judged")<{ readonly verdicts: ReadonlyArray<Verdict> }> {}

const completed = "(SELECT id FROM ledger.entries WHERE status = 'COMPLETED' LIMIT 1)"
const failed = "(SELECT id FROM ledger.entries WHERE status = 'FAILED' LIMIT 1)"

/** One corruption an invariant: what a bug would leave behind. */
const corruptions: Readonly<Record<string, string>> = {
  oversell: "UPDATE inventory.stock SET reserved = on_hand + 1",
  stock_drift: "UPDATE inventory.stock SET on_hand = on_hand + 1",
  reserved_is_what_is_held: "UPDATE inventory.reservations SET status = 'HELD' WHERE status = 'COMMITTED'",
  committed_is_what_left: `
    UPDATE inventory.movements SET warehouse_id = gen_random_uuid() WHERE kind = 'commit' AND cause_id = ${completed}`,
  captured_over_authorized: "UPDATE payment.payments SET captured_cents = amount_cents + 1 WHERE status = 'CAPTURED'",
  amounts_agree: `UPDATE orders.orders SET total_cents = total_cents + 1 WHERE order_ledger_id = ${completed}`,
  allocated_is_what_was_ordered: `UPDATE inventory.reservations SET lines = '' WHERE order_id = ${completed}`,
  timeline_is_unbroken: `DELETE FROM ledger.transitions WHERE to_status = 'ORDER_CREATED'`,
  failures_are_listed: "DELETE FROM ledger.failures WHERE status = 'FAILED'",
  completed_means_all_done: `UPDATE orders.orders SET status = 'PENDING' WHERE order_ledger_id = ${completed}`,
  failed_holds_no_money: `UPDATE payment.payments SET status = 'AUTHORIZED' WHERE reference = ${failed}`,
  failed_holds_no_stock: `UPDATE inventory.reservations SET status = 'HELD' WHERE order_id = ${failed}`,
  failed_has_no_order: `UPDATE orders.orders SET status = 'PENDING' WHERE order_ledger_id = ${failed}`,
  nothing_without_a_ledger_entry: `DELETE FROM ledger.entries WHERE id = ${completed}`,
  a_ticket_until_the_end: `INSERT INTO ledger.due VALUES (${completed})`,
  answered_as_it_stands: `UPDATE ledger.entries SET response_status = 402 WHERE id = ${completed}`,
  every_order_has_ended: `UPDATE ledger.entries SET status = 'AUTHORIZED' WHERE id = ${completed}`,
  orphan_hold: `UPDATE payment.payments SET status = 'AUTHORIZED' WHERE reference = ${failed}`,
  leaked_reservation: `UPDATE inventory.reservations SET status = 'HELD' WHERE order_id = ${completed}`,
  no_lease_outlives_its_order: `UPDATE ledger.entries SET lease_until = now() WHERE id = ${completed}`
}

describe("the judge", () => {
  it.live("sees every kind of corruption, and nothing in clean books", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* stocked(stack, 3)
      for (const token of ["tok_visa_success", "tok_visa_success", "tok_capture_refused", "tok_decline_expired"]) {
        yield* place(stack, orderOf(product, 1, token))
      }
      yield* afterTheEnd(stack)
      yield* assertBooksBalance(stack)
      assert.deepStrictEqual(Object.keys(corruptions), [...always, ...atRest].map((invariant) => invariant.name))
      for (const [name, corruption] of Object.entries(corruptions)) {
        // Failing rolls the corruption back: it is seen, not kept.
        const { verdicts } = yield* stack.sql.unsafe(unguard).pipe(
          Effect.andThen(stack.sql.unsafe(corruption)),
          Effect.andThen(judge()),
          Effect.flatMap((verdicts) => new Judged({ verdicts })),
          Effect.provideService(SqlClient.SqlClient, stack.sql),
          stack.sql.withTransaction,
          // The services go on looking for work, and may take the tables' locks in another order.
          retryLocks,
          Effect.catchTag("Judged", Effect.succeed)
        )
        const broken = verdicts.map((verdict) => verdict.invariant)
        assert.include(broken, name)
      }
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))

  it.live("and the comparison with the provider sees money that our books do not", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* stocked(stack, 3)
      yield* place(stack, orderOf(product))
      yield* afterTheEnd(stack)
      yield* stack.sql`ALTER TABLE ledger.entries DISABLE TRIGGER USER`
      yield* stack.sql`UPDATE ledger.entries SET total_cents = total_cents + 1`
      assert.strictEqual((yield* compareWithProvider(stack)).wrong.length, 1)
      yield* stack.sql`DELETE FROM ledger.entries`
      assert.strictEqual((yield* compareWithProvider(stack)).strangers.length, 1)
    }).pipe(Effect.scoped))
})
