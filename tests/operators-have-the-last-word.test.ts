import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import {
  afterTheEnd,
  assertBooksBalance,
  orderOf,
  place,
  request,
  type Stack,
  stackForTests,
  stocked,
  tally
} from "./stack-for-tests.ts"

const operate = (stack: Stack, id: string, action: string) =>
  request("POST", `${stack.urls.orchestrator}/sagas/${id}/${action}`, { note: `tested: ${action}` })

const parkedSagas = Effect.fnUntraced(function*(stack: Stack) {
  const { body } = yield* request("GET", `${stack.urls.orchestrator}/sagas?parked=true`)
  return body["sagas"] as ReadonlyArray<Record<string, string>>
})

describe("an operator has the last word over a parked saga", () => {
  it.live("a refund that is refused parks the saga with its status kept; resolved by hand it goes on", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* stocked(stack, 5)
      // The stock is lost between reservation and commitment, so that the last step can never hold.
      yield* request("PUT", `${stack.urls.orchestrator}/claiming`, { paused: true, note: "setting the scene" })
      const id = (yield* place(stack, orderOf(product, 1, "tok_refund_refused"))).body["order_ledger_id"]
      yield* request("DELETE", `${stack.urls.inventory}/reservations/${id}`)
      yield* stack.sql`UPDATE ledger.entries SET status = 'ORDER_CREATED', order_created_at = now() WHERE id = ${id}`
      yield* request("POST", `${stack.urls.orders}/orders`, {
        order_ledger_id: id,
        user_id: "user_1",
        email: "ada@example.com",
        total_cents: 2999,
        currency: "usd",
        items: [{ product_id: product, quantity: 1, unit_price_cents: 2999 }]
      })
      yield* stack
        .sql`UPDATE ledger.entries SET status = 'INVENTORY_RESERVED', inventory_reserved_at = now() WHERE id = ${id}`
      yield* request("PUT", `${stack.urls.orchestrator}/claiming`, { paused: false })
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { PAYMENT_CAPTURED: 1 })
      const [parked] = yield* parkedSagas(stack)
      assert.strictEqual(parked?.["order_ledger_id"], id)
      assert.match(parked?.["parked_reason"] ?? "", /^orders.confirm: /)

      const turned = yield* operate(stack, id, "compensate")
      assert.deepStrictEqual([turned.status, turned.body["status"]], [200, "COMPENSATING"])
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPENSATING: 1 })
      const [stuck] = yield* parkedSagas(stack)
      assert.match(stuck?.["parked_reason"] ?? "", /^payment.capture: refund_refused/)

      const resolved = yield* operate(stack, id, "resolve")
      assert.strictEqual(resolved.status, 200, resolved.text)
      assert.strictEqual(resolved.body["operator_note"], "tested: resolve")
    }).pipe(Effect.scoped))

  it.live("a saga turned back after its capture refunds the money and ends FAILED", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* stocked(stack, 5)
      yield* request("PUT", `${stack.urls.orchestrator}/claiming`, { paused: true })
      const id = (yield* place(stack, orderOf(product))).body["order_ledger_id"]
      // Somebody released the order's stock by hand before it was reserved: the reservation is refused for ever.
      yield* stack.sql`UPDATE ledger.entries SET parked_at = now(), parked_reason = 'a test' WHERE id = ${id}`
      yield* request("PUT", `${stack.urls.orchestrator}/claiming`, { paused: false })
      const turned = yield* operate(stack, id, "compensate")
      assert.strictEqual(turned.status, 200, turned.text)
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { FAILED: 1 })
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))

  it.live("a parked saga that is retried goes on to its end; one that is not parked cannot be changed", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* stocked(stack, 5)
      yield* request("PUT", `${stack.urls.orchestrator}/claiming`, { paused: true })
      const id = (yield* place(stack, orderOf(product))).body["order_ledger_id"]
      const early = yield* operate(stack, id, "resolve")
      assert.deepStrictEqual([early.status, early.body["error"]], [409, "state_conflict"])
      yield* stack.sql`UPDATE ledger.entries SET parked_at = now(), parked_reason = 'a test' WHERE id = ${id}`
      yield* request("PUT", `${stack.urls.orchestrator}/claiming`, { paused: false })
      assert.strictEqual((yield* operate(stack, id, "retry")).status, 200)
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 1 })
      assert.strictEqual((yield* operate(stack, id, "retry")).status, 409)
      assert.strictEqual((yield* operate(stack, "00000000-0000-7000-8000-00000000dead", "retry")).status, 404)
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))

  it.live("claiming paused stops every orchestrator, and resumed takes up where it was", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* stocked(stack, 5)
      yield* request("PUT", `${stack.urls.orchestrator}/claiming`, { paused: true, note: "maintenance" })
      const shown = yield* request("GET", `${stack.urls.orchestrator}/claiming`)
      assert.deepStrictEqual(shown.body, { paused: true, note: "maintenance" })
      yield* place(stack, orderOf(product))
      yield* Effect.sleep("300 millis")
      assert.deepStrictEqual(tally(yield* stack.sql<{ status: string }>`SELECT status FROM ledger.entries`), {
        AUTHORIZED: 1
      })
      yield* request("PUT", `${stack.urls.orchestrator}/claiming`, { paused: false })
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 1 })
    }).pipe(Effect.scoped))

  it.live("the feed of events has every transition once, in the order in which an order made them", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* stocked(stack, 3)
      yield* Effect.replicateEffect(place(stack, orderOf(product)), 5)
      yield* afterTheEnd(stack)
      const seen: Array<{ order_ledger_id: string; from?: string; to: string }> = []
      const page = (after: string) => request("GET", `${stack.urls.orchestrator}/events?limit=7${after}`)
      const total =
        (yield* stack.sql<{ n: number }>`SELECT sum(cardinality(order_ids))::int AS n FROM ledger.transitions`)[0]!.n
      yield* Effect.gen(function*() {
        for (let after = ""; seen.length < total;) {
          const { body } = yield* page(after)
          seen.push(...body["events"])
          after = `&after=${body["next"]}`
          if (body["events"].length === 0) yield* Effect.sleep("20 millis")
        }
      }).pipe(Effect.timeout("10 seconds"))
      assert.strictEqual(new Set(seen.map((event) => `${event.order_ledger_id} ${event.to}`)).size, total)
      for (const id of new Set(seen.map((event) => event.order_ledger_id))) {
        const journey = seen.filter((event) => event.order_ledger_id === id)
        assert.deepStrictEqual(journey.map(({ from }) => from), [
          undefined,
          ...journey.slice(0, -1).map(({ to }) => to)
        ])
      }
      const bad = yield* request("GET", `${stack.urls.orchestrator}/events?after=yesterday`)
      assert.strictEqual(bad.status, 400)
    }).pipe(Effect.scoped))

  it.live("the feed never runs ahead of a transaction that is still open, so that nothing behind it is missed", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* stocked(stack, 3)
      yield* request("PUT", `${stack.urls.orchestrator}/claiming`, { paused: true })
      const slow = (yield* place(stack, orderOf(product))).body["order_ledger_id"]
      const read = Effect.map(
        request("GET", `${stack.urls.orchestrator}/events?limit=100`),
        ({ body }) =>
          (body["events"] as ReadonlyArray<{ order_ledger_id: string }>).map((event) => event.order_ledger_id)
      )
      const opened = yield* Deferred.make<void>()
      const close = yield* Deferred.make<void>()
      const transaction = yield* stack.sql`
        UPDATE ledger.entries SET status = 'COMPENSATING', compensating_at = now(), undoing = 'payment.authorize', reason = 'a test'
        WHERE id = ${slow}`.pipe(
        Effect.andThen(Deferred.succeed(opened, undefined)),
        Effect.andThen(Deferred.await(close)),
        stack.sql.withTransaction,
        Effect.forkChild
      )
      yield* Deferred.await(opened)
      const fast = (yield* place(stack, orderOf(product))).body["order_ledger_id"]
      assert.notInclude(yield* read, fast)
      yield* Deferred.succeed(close, undefined)
      yield* Fiber.join(transaction)
      const ids = yield* read.pipe(
        Effect.repeat({ until: (seen) => seen.includes(fast) }),
        Effect.timeout("10 seconds")
      )
      assert.isBelow(ids.lastIndexOf(slow), ids.indexOf(fast))
    }).pipe(Effect.scoped))
})
