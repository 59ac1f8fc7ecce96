import { assert, layer } from "@effect/vitest"
import type { Answer } from "@surety/testkit/http-call"
import { Effect } from "effect"
import { aCapturedPayment, AMOUNT, aPayment, PaymentUnderTest } from "./payment-under-test.ts"

const HELD = `authorized ${AMOUNT}`
const TAKEN = `captured ${AMOUNT}`
const summary = ({ body, status }: Answer) => [status, body.error ?? body.status]

layer(PaymentUnderTest.layer, { excludeTestServices: true })("a refund", (it) => {
  it.effect("gives the money back once a key, alone or in a set, however often it is asked for", () =>
    Effect.gen(function*() {
      const payment = yield* aCapturedPayment()
      for (let i = 0; i < 2; i++) {
        const part = yield* payment.refund(1_200, "first")
        assert.deepStrictEqual([...summary(part), part.body.refunded_cents], [200, "CAPTURED", 1_200])
      }
      const all = yield* payment.refund(3_000, "second")
      assert.deepStrictEqual([...summary(all), all.body.refunded_cents], [200, "REFUNDED", AMOUNT])
      assert.strictEqual((yield* payment.refund(1_200, "first")).text, all.text)
      assert.deepStrictEqual(yield* payment.effects, [HELD, TAKEN, "refunded 1200", "refunded 3000"])
      const undone = yield* aCapturedPayment()
      yield* Effect.replicateEffect(undone.refundSet, 10, { concurrency: 10 })
      const done = { reference: undone.reference, outcome: "done", status: "REFUNDED" }
      assert.deepStrictEqual(yield* undone.refundSet, done)
      assert.deepStrictEqual(yield* undone.effects, [HELD, TAKEN, `refunded ${AMOUNT}`])
    }))

  it.effect("under a key that came with another amount before is refused, whether that one was done, refused or open", () =>
    Effect.gen(function*() {
      const done = yield* aCapturedPayment()
      const refused = yield* aCapturedPayment("tok_refund_refused")
      const open = yield* aCapturedPayment("tok_refund_timeout_before")
      const first = yield* Effect.forEach([done, refused, open], (payment) => payment.refund(1_000, "key"))
      assert.deepStrictEqual(first.map(({ status }) => status), [200, 409, 503])
      for (const payment of [done, refused, open]) {
        assert.deepStrictEqual(summary(yield* payment.refund(2_000, "key")), [422, "idempotency_key_reused"])
      }
      assert.deepStrictEqual(yield* done.effects, [HELD, TAKEN, "refunded 1000"])
      assert.strictEqual((yield* done.row).refunded, 1_000)
    }))

  it.effect("never gives back more than was captured, also not two at once under different keys", () =>
    Effect.gen(function*() {
      const payment = yield* aCapturedPayment()
      assert.deepStrictEqual(summary(yield* payment.refund(AMOUNT + 1, "much")), [409, "state_conflict"])
      const both = yield* Effect.all([payment.refund(3_000, "a"), payment.refund(3_000, "b")], { concurrency: 2 })
      assert.deepStrictEqual(both.map(({ status }) => status).toSorted(), [200, 409])
      assert.strictEqual((yield* payment.row).refunded, 3_000)
      assert.deepStrictEqual(yield* payment.effects, [HELD, TAKEN, "refunded 3000"])
      const held = yield* aPayment()
      yield* held.authorize()
      assert.deepStrictEqual(summary(yield* held.refund(1, "key")), [409, "state_conflict"])
    }))

  it.effect("of all that is left is not done while another refund keeps it from being everything", () =>
    Effect.gen(function*() {
      const payment = yield* aCapturedPayment("tok_refund_timeout_before")
      assert.strictEqual((yield* payment.refund(1_000, "open")).status, 503)
      const stuck = yield* payment.refundSet
      assert.deepStrictEqual([stuck.outcome, (yield* payment.row).refunded], ["stuck", AMOUNT - 1_000])
      assert.deepStrictEqual(summary(yield* payment.refund(1_000, "open")), [200, "REFUNDED"])
      assert.deepStrictEqual(yield* payment.refundSet, {
        reference: payment.reference,
        outcome: "done",
        status: "REFUNDED"
      })
    }))

  it.effect("of what was never captured is nothing to do", () =>
    Effect.gen(function*() {
      const held = yield* aPayment()
      yield* held.authorize()
      assert.deepStrictEqual(yield* held.refundSet, {
        reference: held.reference,
        outcome: "done",
        status: "AUTHORIZED"
      })
      const stranger = yield* aPayment()
      assert.strictEqual((yield* stranger.refundSet).outcome, "done")
      assert.deepStrictEqual(yield* held.effects, [HELD])
    }))
})
