// 10,000 orders: RECONCILE_ORDERS=10000 npx vitest run tests/reconciliation-no-false-alarm.test.ts
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schedule } from "effect"
import { byForce } from "./broken-books.ts"
import { findingsOf, reconciledStack, untilFound, untilLookedThrough } from "./reconciled-stack.ts"
import { afterTheEnd, assertBooksBalance, orderOf, place, request, stocked, tally } from "./stack-for-tests.ts"

const ORDERS = Number(process.env["RECONCILE_ORDERS"] ?? 500)
const CUSTOMERS = 32

/** Each of these once in 500 orders: what can happen to an order without anybody's mistake. */
const mishaps = [
  "tok_decline_insufficient",
  "tok_capture_refused",
  "tok_capture_expired",
  "tok_capture_timeout_after",
  "tok_capture_500_before",
  "tok_capture_garbage_after",
  "tok_authorize_timeout_after",
  "tok_authorize_reset_before",
  "tok_cancel_timeout_after",
  "tok_capture_refused__cancel_500_before"
]
const tokenOf = (n: number) => mishaps[n % 500] ?? "tok_visa_success"

describe("reconciliation raises no false alarm", () => {
  it.live(
    `over ${ORDERS} orders, refused, lost and found again ones among them, while they are under way and afterwards`,
    () =>
      Effect.gen(function*() {
        const stack = yield* reconciledStack({
          RECONCILE_EVERY_MILLIS: "300",
          RECONCILE_ROUND_PERCENT: "20",
          // Under load the provider, which shares this process, may be slow to answer.
          PROVIDER_TIMEOUT_MILLIS: "1000"
        })
        const products = yield* Effect.replicateEffect(stocked(stack, ORDERS), 4)
        // More than there is: some orders are undone for it.
        products.push(yield* stocked(stack, Math.ceil(ORDERS / 50)))
        const looksUnderWay = yield* stack.sql<{ looks: number; live: boolean }>`
          SELECT fence AS looks, EXISTS (SELECT FROM ledger.due) AS live FROM ledger.reconciliation`.pipe(
          Effect.repeat({
            schedule: Schedule.spaced("50 millis"),
            while: ([row]) => row!.looks < 5 || !row!.live
          }),
          Effect.forkChild
        )
        const answers = yield* Effect.forEach(
          Array.from({ length: ORDERS }, (_, n) => orderOf(products[n % products.length]!, 1, tokenOf(n))),
          (order) => place(stack, order),
          { concurrency: CUSTOMERS }
        )
        for (const { status, text } of answers) assert.include([202, 402], status, text)
        const ends = yield* afterTheEnd(stack, "240 seconds" as "45 seconds")
        yield* Fiber.join(looksUnderWay).pipe(Effect.timeout("20 seconds"))
        assert.containsAllKeys(tally(ends), ["COMPLETED", "FAILED", "AUTHORIZATION_FAILED"])
        const { compared } = yield* untilLookedThrough(stack)
        assert.isAtLeast(compared, 2 * ORDERS)
        assert.deepStrictEqual(yield* findingsOf(stack), [])
        yield* assertBooksBalance(stack)
      }).pipe(Effect.scoped),
    { timeout: 600_000 }
  )

  it.live("for what looks wrong once and is right the next time", () =>
    Effect.gen(function*() {
      const stack = yield* reconciledStack({ RECONCILE_GRACE_MILLIS: "2000" })
      const product = yield* stocked(stack, 5)
      const { body } = yield* place(stack, orderOf(product))
      yield* afterTheEnd(stack)
      const set = (status: string) =>
        byForce(
          stack,
          `UPDATE orders.orders SET status = '${status}' WHERE order_ledger_id = '${body.order_ledger_id}'`
        )
      yield* set("PENDING")
      const [suspected] = yield* untilFound(stack, ["order_at_odds SUSPECTED"])
      yield* set("CONFIRMED")
      assert.strictEqual(suspected?.order_id, body.order_ledger_id)
      yield* untilFound(stack, [])
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))

  it.live("for orders that are under way for long, wait for a lost answer, or are parked", () =>
    Effect.gen(function*() {
      const stack = yield* reconciledStack({ SAGA_RETRY_UNIT_MILLIS: "60000", EDGE_RETRY_UNIT_MILLIS: "60000" })
      const product = yield* stocked(stack, 50)
      for (
        const token of [
          "tok_capture_timeout_after",
          "tok_capture_timeout_before_xall",
          "tok_capture_refused__cancel_timeout_after",
          "tok_capture_refused__cancel_timeout_before_xall",
          "tok_authorize_timeout_after",
          "tok_authorize_timeout_before_xall"
        ]
      ) yield* place(stack, orderOf(product, 1, token))
      yield* request("PUT", `${stack.urls.orchestrator}/claiming`, { paused: true })
      for (let n = 0; n < 2; n += 1) yield* place(stack, orderOf(product))
      yield* stack.sql`
        UPDATE ledger.entries SET parked_at = now(), parked_reason = 'a test'
        WHERE id = (SELECT max(id::text)::uuid FROM ledger.entries)`
      yield* untilLookedThrough(stack)
      yield* untilLookedThrough(stack)
      const [live] = yield* stack.sql<{ orders: number }>`SELECT count(*)::integer AS orders FROM ledger.due`
      // Jitter may have let one or the other go on; those whose turn never comes are there for certain.
      assert.isAtLeast(live?.orders ?? 0, 4)
      assert.deepStrictEqual(yield* findingsOf(stack), [])
      const { held_cents } = (yield* request("GET", `${stack.urls.simulator}/_simulator/totals`)).body
      assert.isAbove(held_cents, 0)
    }).pipe(Effect.scoped))
})
