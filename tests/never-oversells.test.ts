import { assert, describe, it } from "@effect/vitest"
import { isConcurrent } from "@surety/testkit/test-database"
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

describe("stock is never sold twice", () => {
  it.live("500 orders at once for a stock of 100 end 100 COMPLETED and 400 FAILED, with nothing held", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests({ PROVIDER_TIMEOUT_MILLIS: "5000" })
      const product = yield* stocked(stack, 100)
      const replies = yield* Effect.replicateEffect(place(stack, orderOf(product)), 500, { concurrency: 100 })
      assert.deepStrictEqual(tally(replies.map(({ status }) => ({ status: String(status) }))), { 202: 500 })
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 100, FAILED: 400 })
      const { body } = yield* request("GET", `${stack.urls.inventory}/products/${product}/availability`)
      assert.deepStrictEqual([body["on_hand"], body["reserved"], body["available"]], [0, 0, 0])
      const [{ deadlocks } = { deadlocks: -1 }] = yield* stack.sql<{ deadlocks: number }>`
        SELECT deadlocks::integer AS deadlocks FROM pg_stat_database WHERE datname = current_database()`
      assert.strictEqual(deadlocks, 0)
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))

  it.live.skipIf(!isConcurrent())(
    "shuffled multi-line orders over 50 products cause no deadlock",
    () =>
      Effect.gen(function*() {
        const stack = yield* stackForTests({ PROVIDER_TIMEOUT_MILLIS: "5000", SAGA_LANES: "4", SAGA_SET_SIZE: "8" })
        const products = yield* Effect.replicateEffect(stocked(stack, 20), 50, { concurrency: 10 })
        const shuffled = (seed: number) =>
          products.map((product, i) => ({ product, at: Math.sin(seed * 997 + i * 131) })).toSorted((a, b) =>
            a.at - b.at
          )
        yield* Effect.forEach(Array.from({ length: 200 }, (_, i) => i), (i) =>
          place(stack, {
            ...orderOf(products[0]!),
            items: shuffled(i).slice(0, 2 + i % 9).map(({ product }) => ({ product_id: product, quantity: 1 + i % 3 }))
          }), { concurrency: 50, discard: true })
        const ends = tally(yield* afterTheEnd(stack))
        assert.strictEqual((ends["COMPLETED"] ?? 0) + (ends["FAILED"] ?? 0), 200)
        const [{ deadlocks } = { deadlocks: -1 }] = yield* stack.sql<{ deadlocks: number }>`
        SELECT deadlocks::integer AS deadlocks FROM pg_stat_database WHERE datname = current_database()`
        assert.strictEqual(deadlocks, 0)
        yield* assertBooksBalance(stack)
      }).pipe(Effect.scoped)
  )
})
