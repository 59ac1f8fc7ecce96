import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import {
  afterTheEnd,
  assertBooksBalance,
  orderOf,
  place,
  request,
  stackForTests,
  stocked,
  tally
} from "./stack-for-tests.ts"

const count = (rows: ReadonlyArray<{ readonly n: number }>) => rows[0]?.n

describe("an idempotency key stands for one order", () => {
  it.live("50 copies of one request at once make one order, one authorization and no 5xx", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* stocked(stack, 10)
      const replies = yield* Effect.replicateEffect(place(stack, orderOf(product), "once"), 50, { concurrency: 50 })
      const counts = tally(replies.map(({ status }) => ({ status: String(status) })))
      assert.deepStrictEqual(Object.keys(counts).filter((status) => status !== "202" && status !== "409"), [])
      assert.isAtLeast(counts["202"] ?? 0, 1)
      for (const reply of replies.filter(({ status }) => status === 409)) {
        assert.strictEqual(reply.body["error"], "request_in_flight")
        assert.match(reply.headers.get("retry-after") ?? "", /^[1-9][0-9]*$/)
      }
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 1 })
      assert.strictEqual(count(yield* stack.sql<{ n: number }>`SELECT count(*)::int AS n FROM payment.payments`), 1)
      const { body } = yield* request("GET", `${stack.urls.simulator}/_simulator/payments`)
      assert.strictEqual(body["payments"].length, 1)
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))

  it.live("the first answer comes again byte for byte, a refusal too, whatever white space the copy has", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* stocked(stack, 10)
      for (const token of ["tok_visa_success", "tok_decline_insufficient"]) {
        const first = yield* place(stack, orderOf(product, 1, token), token)
        const copy = yield* place(stack, JSON.stringify(orderOf(product, 1, token), null, 3), token)
        assert.strictEqual(first.headers.get("idempotent-replayed"), null)
        assert.strictEqual(copy.headers.get("idempotent-replayed"), "true")
        assert.deepStrictEqual([copy.status, copy.text], [first.status, first.text])
        assert.strictEqual(copy.headers.get("content-type"), first.headers.get("content-type"))
      }
      const refused = yield* place(stack, orderOf(product, 1, "tok_decline_insufficient"), "tok_decline_insufficient")
      assert.strictEqual(refused.status, 402)
      assert.strictEqual(refused.body["error"], "payment_declined")
      assert.strictEqual(refused.body["decline_code"], "insufficient_funds")
      yield* afterTheEnd(stack)
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))

  it.live("the same key with another body is refused and changes nothing", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* stocked(stack, 10)
      yield* place(stack, orderOf(product, 1), "key")
      const other = yield* place(stack, orderOf(product, 2), "key")
      assert.deepStrictEqual([other.status, other.body["error"]], [422, "idempotency_key_reused"])
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 1 })
    }).pipe(Effect.scoped))

  it.live("a replay needs no catalogue, and a failed validation leaves the key free", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* stocked(stack, 10)
      const unknown = "00000000-0000-7000-8000-00000000dead"
      const bad = yield* place(stack, orderOf(unknown), "key")
      assert.deepStrictEqual([bad.status, bad.body["error"], bad.body["product_ids"]], [422, "unknown_product", [
        unknown
      ]])
      assert.strictEqual((yield* place(stack, orderOf(product), "key")).status, 202)
      assert.strictEqual(count(yield* stack.sql<{ n: number }>`SELECT count(*)::int AS n FROM ledger.entries`), 1)
    }).pipe(Effect.scoped))
})
