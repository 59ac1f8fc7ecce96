import { assert, describe, it } from "@effect/vitest"
import { makeOrderId, shardFor } from "@surety/domain/ids"
import { fingerprint } from "@surety/platform/fingerprint"
import { Effect, Schedule } from "effect"
import { listeningAt, serviceProcess } from "./service-process.ts"
import {
  afterTheEnd,
  assertBooksBalance,
  orderOf,
  place,
  request,
  type Stack,
  stackForTests,
  stocked,
  tally,
  untilEntry
} from "./stack-for-tests.ts"

/** The row that an edge writes first and then dies, before the payment service hears of anything. */
const abandonedEntry = Effect.fnUntraced(function*(stack: Stack, key: string, order: object, product: string) {
  const shard = shardFor("public", key)
  const id = makeOrderId({ epochMillis: 1_700_000_000_000, shard, random: new Uint8Array(9).fill(7) })
  yield* stack.sql`
    INSERT INTO ledger.entries (id, shard, caller, idempotency_key, request_hash, user_id, email, items, total_cents,
      currency, fence, lease_owner, lease_until)
    VALUES (${id}, ${shard}, 'public', ${key}, ${fingerprint(order)}, 'user_1', 'ada@example.com',
      ${JSON.stringify([{ product_id: product, quantity: 1, unit_price_cents: 2999 }])}::text::jsonb, 2999, 'usd', 1,
      'edge-of-the-dead', now() + interval '300 milliseconds')`
  return id
})

describe("a crash loses nothing", () => {
  it.live("compensation resumes after the orchestrator is killed in the middle", () =>
    Effect.gen(function*() {
      const environment = { SAGA_LEASE_MILLIS: "1000", PROVIDER_TIMEOUT_MILLIS: "3000" }
      const stack = yield* stackForTests(environment, ["orchestrator"])
      const product = yield* stocked(stack, 0)
      yield* place(stack, orderOf(product, 1, "tok_cancel_timeout_before"))
      const first = yield* serviceProcess(stack, "orchestrator", environment)
      yield* untilEntry(stack, "status = 'COMPENSATING' AND undoing = 'payment.authorize' AND lease_until IS NOT NULL")
      yield* first.signal("SIGKILL")
      assert.strictEqual(yield* first.exited, "SIGKILL")
      yield* serviceProcess(stack, "orchestrator", environment)
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { FAILED: 1 })
      const [entry] = yield* stack.sql<{ lease_expiries: number }>`SELECT lease_expiries FROM ledger.entries`
      assert.isAtLeast(entry?.lease_expiries ?? 0, 1)
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))

  it.live("an order goes on after its orchestrator is killed at any step forward", () =>
    Effect.gen(function*() {
      const environment = { SAGA_LEASE_MILLIS: "700", SAGA_SET_SIZE: "4" }
      const stack = yield* stackForTests(environment, ["orchestrator"])
      const product = yield* stocked(stack, 60)
      yield* Effect.replicateEffect(place(stack, orderOf(product)), 40, { concurrency: 20 })
      for (const status of ["ORDER_CREATED", "INVENTORY_RESERVED", "PAYMENT_CAPTURED", "COMPLETED"]) {
        const worker = yield* serviceProcess(stack, "orchestrator", environment)
        yield* untilEntry(
          stack,
          `status = '${status}' OR NOT EXISTS (SELECT FROM ledger.due)`
        )
        yield* worker.signal("SIGKILL")
        yield* worker.exited
      }
      yield* serviceProcess(stack, "orchestrator", environment)
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 40 })
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))

  it.live("an edge killed while it authorizes leaves an order that still ends right, and its key answers", () =>
    Effect.gen(function*() {
      const environment = { PROVIDER_TIMEOUT_MILLIS: "1500", EDGE_LEASE_MILLIS: "600" }
      const stack = yield* stackForTests(environment)
      const product = yield* stocked(stack, 5)
      const edge = yield* serviceProcess(stack, "edge-api", environment)
      const dying: Stack = { ...stack, urls: { ...stack.urls, edge_api: yield* listeningAt(edge) } }
      const order = orderOf(product, 1, "tok_authorize_timeout_after")
      yield* Effect.forkChild(Effect.exit(place(dying, order, "key")), { startImmediately: true })
      yield* untilEntry(stack, "status = 'AWAITING_AUTHORIZATION'")
      yield* edge.signal("SIGKILL")
      const retried = yield* place(stack, order, "key").pipe(
        Effect.repeat({ until: (reply) => reply.status !== 409, schedule: Schedule.spaced("100 millis") }),
        Effect.timeout("20 seconds")
      )
      assert.strictEqual(retried.status, 202, retried.text)
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 1 })
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))

  it.live("a retry resumes what an edge wrote before it died: 409 while it may live, then the order", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests({ EDGE_RESOLVE_EVERY_MILLIS: "60000" })
      const product = yield* stocked(stack, 5)
      const order = orderOf(product)
      const id = yield* abandonedEntry(stack, "key", order, product)
      const early = yield* place(stack, order, "key")
      assert.deepStrictEqual([early.status, early.body["error"]], [409, "request_in_flight"])
      const resumed = yield* place(stack, order, "key").pipe(
        Effect.repeat({ until: (reply) => reply.status !== 409, schedule: Schedule.spaced("50 millis") })
      )
      assert.deepStrictEqual([resumed.status, resumed.body["order_ledger_id"]], [202, id])
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 1 })
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))

  it.live("an order whose edge died before the payment was asked for is closed, and a late authorization refused", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* stocked(stack, 5)
      const order = orderOf(product)
      const id = yield* abandonedEntry(stack, "key", order, product)
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { AUTHORIZATION_FAILED: 1 })
      const late = yield* request("POST", `${stack.urls.payment}/payments/authorize`, {
        reference: id,
        amount_cents: 2999,
        currency: "usd",
        token: "tok_visa_success"
      })
      assert.deepStrictEqual([late.status, late.body["current"]], [409, "VOIDED"])
      const answer = yield* place(stack, order, "key")
      assert.deepStrictEqual([answer.status, answer.body["decline_code"]], [402, "authorization_timed_out"])
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))
})
