import { assert, describe, it } from "@effect/vitest"
import { isConcurrent } from "@surety/testkit/test-database"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import {
  afterTheEnd,
  assertBooksBalance,
  orderOf,
  place,
  request,
  type Stack,
  stackForTests,
  stocked
} from "./stack-for-tests.ts"

/** What an insert sees is from before this pause: two that do not wait for each other do not see each other. */
const dawdlingInserts = (stack: Stack, schema: "inventory" | "payment", table: string) =>
  stack.sql.unsafe(`
    CREATE FUNCTION ${schema}.dawdle() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END $$`).pipe(
    Effect.andThen(stack.sql.unsafe(`
      CREATE TRIGGER dawdle BEFORE INSERT ON ${schema}.${table} FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.dawdle()`))
  )

describe.skipIf(!isConcurrent())("two at once", () => {
  it.live("adjustments of one product's stock that come together are all counted", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests({}, ["orchestrator"])
      const product = yield* stocked(stack, 1)
      const url = `${stack.urls.inventory}/products/${product}`
      const replies = yield* Effect.replicateEffect(
        Effect.suspend(() =>
          request("POST", `${url}/stock`, { quantity: 1, reason: "found" }, { "idempotency-key": randomUUID() })
        ),
        30,
        { concurrency: 30 }
      )
      for (const reply of replies) assert.strictEqual(reply.status, 200, reply.text)
      const levels = replies.map(({ body }) => body["on_hand"] as number).toSorted((a, b) => a - b)
      assert.deepStrictEqual(levels, Array.from({ length: 30 }, (_, i) => i + 2))
      assert.strictEqual((yield* request("GET", `${url}/availability`)).body["on_hand"], 31)
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))

  it.live("reservations of one order that come together are one, and answered the same", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests({}, ["orchestrator"])
      const product_id = yield* stocked(stack, 5)
      yield* dawdlingInserts(stack, "inventory", "reservations")
      const items = [{ order_id: randomUUID(), items: [{ product_id, quantity: 2 }] }]
      const reserve = request("POST", `${stack.urls.inventory}/reservations/batch`, { items })
      const [first, second] = yield* Effect.all([reserve, reserve], { concurrency: 2 })
      assert.deepStrictEqual([first.status, second.status], [200, 200], first.text + second.text)
      assert.strictEqual(first.body.results[0].outcome, "done")
      assert.strictEqual(second.text, first.text)
      const { body } = yield* request("GET", `${stack.urls.inventory}/products/${product_id}/availability`)
      assert.strictEqual(body["reserved"], 2)
    }).pipe(Effect.scoped))

  it.live("refunds that together are over what was captured: the provider hears of one of them", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* stocked(stack, 1)
      const id = (yield* place(stack, orderOf(product))).body["order_ledger_id"]
      yield* afterTheEnd(stack)
      yield* dawdlingInserts(stack, "payment", "refunds")
      const refund = (key: string) =>
        request("POST", `${stack.urls.payment}/payments/refund/${id}`, { amount_cents: 2000 }, {
          "idempotency-key": key
        })
      const replies = yield* Effect.all([refund("a"), refund("b")], { concurrency: 2 })
      assert.deepStrictEqual(replies.map(({ status }) => status).toSorted(), [200, 409])
      const asked = yield* stack.sql`SELECT amount_cents::int AS cents, status FROM payment.refunds`
      assert.deepStrictEqual(asked, [{ cents: 2000, status: "DONE" }])
    }).pipe(Effect.scoped))
})
