import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { listeningAt, serviceProcess } from "./service-process.ts"
import {
  afterTheEnd,
  assertBooksBalance,
  dawdling,
  orderOf,
  place,
  type Stack,
  stackForTests,
  stocked,
  tally
} from "./stack-for-tests.ts"

/** Nobody listens there. */
const NOWHERE = "http://127.0.0.1:9"

/** A second edge on the same ledger, with neighbours of its own where they are named. */
const anotherEdge = Effect.fnUntraced(function*(stack: Stack, environment: Readonly<Record<string, string>> = {}) {
  const edge = yield* serviceProcess(stack, "edge-api", { EDGE_RESOLVE_EVERY_MILLIS: "60000", ...environment })
  return { ...stack, urls: { ...stack.urls, edge_api: yield* listeningAt(edge) } } satisfies Stack
})

describe("a key keeps its answer", () => {
  it.live("two edges that hear of one key at once make one order of it, and neither answers with a 5xx", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* stocked(stack, 5)
      const other = yield* anotherEdge(stack)
      yield* dawdling(stack, "INSERT")
      const replies = yield* Effect.forEach([stack, other], (edge) => place(edge, orderOf(product), "key"), {
        concurrency: 2
      })
      for (const reply of replies) assert.include([202, 409], reply.status, reply.text)
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 1 })
      assert.strictEqual((yield* stack.sql`SELECT reference FROM payment.payments`).length, 1)
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))

  it.live("an order answered while its payment was unknown is answered so for ever, whatever became of it", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests({ EDGE_RETRY_UNIT_MILLIS: "60" })
      const product = yield* stocked(stack, 5)
      const order = orderOf(product, 1, "tok_authorize_timeout_after")
      const first = yield* place(stack, order, "key")
      assert.deepStrictEqual([first.status, first.body["status"]], [202, "AWAITING_AUTHORIZATION"], first.text)
      const early = yield* place(stack, order, "key")
      assert.deepStrictEqual([early.text, early.headers.get("idempotent-replayed")], [first.text, "true"])
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 1 })
      const late = yield* place(stack, order, "key")
      assert.deepStrictEqual([late.status, late.text], [first.status, first.text])
    }).pipe(Effect.scoped))

  it.live("a copy is answered while the catalogue is away; what is new is refused, and its key stays free", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* stocked(stack, 5)
      const first = yield* place(stack, orderOf(product), "key")
      const cut = yield* anotherEdge(stack, { INVENTORY_URL: NOWHERE })
      const copy = yield* place(cut, orderOf(product), "key")
      assert.deepStrictEqual([copy.status, copy.text], [first.status, first.text])
      const fresh = yield* place(cut, orderOf(product), "another-key")
      assert.deepStrictEqual([fresh.status, fresh.body["error"]], [503, "service_unavailable"], fresh.text)
      assert.match(fresh.headers.get("retry-after") ?? "", /^[1-9][0-9]*$/)
      assert.strictEqual((yield* place(stack, orderOf(product), "another-key")).status, 202)
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 2 })
    }).pipe(Effect.scoped))

  it.live("a payment service that cannot be reached has refused nothing: the same key is accepted once it can be", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* stocked(stack, 5)
      const cut = yield* anotherEdge(stack, { PAYMENT_URL: NOWHERE, EDGE_CALL_TIMEOUT_MILLIS: "1000" })
      const [order, key] = [orderOf(product), randomUUID()]
      const reply = yield* place(cut, order, key)
      assert.deepStrictEqual([reply.status, reply.body["error"]], [503, "service_unavailable"], reply.text)
      assert.strictEqual(reply.headers.get("retry-after"), "2")
      assert.strictEqual((yield* place(cut, order, key)).status, 503)
      // However often he comes, it is not for him that the order is given up.
      assert.deepStrictEqual(yield* stack.sql`SELECT attempts FROM ledger.entries`, [{ attempts: 0 }])
      const again = yield* place(stack, order, key)
      assert.deepStrictEqual([again.status, again.body["status"]], [202, "AUTHORIZED"], again.text)
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 1 })
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))

  it.live("and whose customer does not come back is closed, with nothing held", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* stocked(stack, 5)
      const cut = yield* anotherEdge(stack, { PAYMENT_URL: NOWHERE, EDGE_CALL_TIMEOUT_MILLIS: "1000" })
      yield* place(cut, orderOf(product))
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { AUTHORIZATION_FAILED: 1 })
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))
})
