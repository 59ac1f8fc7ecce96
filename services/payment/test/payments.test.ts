import { assert, layer } from "@effect/vitest"
import type { Answer } from "@surety/testkit/http-call"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { aCapturedPayment, AMOUNT, aPayment, PaymentUnderTest } from "./payment-under-test.ts"

const HELD = `authorized ${AMOUNT}`
const TAKEN = `captured ${AMOUNT}`
const summary = ({ body, status }: Answer) => [status, body.error ?? body.status]

const options = { excludeTestServices: true }

layer(PaymentUnderTest.layer, options)("an authorization", (it) => {
  it.effect("is made once a reference, however often it is asked for", () =>
    Effect.gen(function*() {
      const payment = yield* aPayment()
      const answers = yield* Effect.replicateEffect(payment.authorize(), 20, { concurrency: 20 })
      for (const answer of answers) {
        if (answer.status !== 201) assert.deepStrictEqual(summary(answer), [503, "payment_outcome_unknown"])
      }
      const later = yield* payment.authorize()
      assert.deepStrictEqual(summary(later), [201, "AUTHORIZED"])
      assert.strictEqual(later.body.reference, payment.reference)
      for (const answer of answers.filter(({ status }) => status === 201)) assert.strictEqual(answer.text, later.text)
      assert.deepStrictEqual(yield* payment.effects, [HELD])
    }))

  it.effect("of another amount or currency under the same reference is refused, and changes nothing", () =>
    Effect.gen(function*() {
      const payment = yield* aPayment()
      const first = yield* payment.authorize()
      assert.deepStrictEqual(summary(yield* payment.authorize({ amount_cents: AMOUNT + 1 })), [409, "state_conflict"])
      assert.deepStrictEqual(summary(yield* payment.authorize({ currency: "eur" })), [409, "state_conflict"])
      assert.strictEqual((yield* payment.show).text, first.text)
      assert.deepStrictEqual(yield* payment.effects, [HELD])
    }))

  it.effect("that the bank declines is 402 with the bank's word, ever after, and holds nothing", () =>
    Effect.gen(function*() {
      const payment = yield* aPayment("tok_decline_insufficient")
      const declined = yield* payment.authorize()
      assert.deepStrictEqual(summary(declined), [402, "payment_declined"])
      assert.strictEqual(declined.body.decline_code, "insufficient_funds")
      const again = yield* payment.authorize()
      assert.deepStrictEqual([again.status, again.text], [declined.status, declined.text])
      assert.deepStrictEqual(yield* payment.captureSet, {
        reference: payment.reference,
        outcome: "refused",
        reason: "payment_declined"
      })
      assert.strictEqual((yield* payment.voidSet).outcome, "done")
      assert.deepStrictEqual(summary(yield* payment.byReference), [200, "DECLINED"])
      assert.deepStrictEqual(yield* payment.effects, ["declined 0"])
    }))

  it.effect("can be asked about by reference and by its own id; what there is not is 404", () =>
    Effect.gen(function*() {
      const payment = yield* aPayment()
      const authorized = yield* payment.authorize()
      assert.strictEqual((yield* payment.byReference).text, authorized.text)
      assert.strictEqual((yield* payment.show).text, authorized.text)
      const { call } = yield* PaymentUnderTest
      const nobody = randomUUID()
      const asked = [
        call("GET", `/by-reference/${nobody}`),
        call("GET", `/${nobody}`),
        call("POST", `/capture/${nobody}`),
        call("POST", `/void/${nobody}`),
        call("POST", `/refund/${nobody}`, { amount_cents: 1 }, { "idempotency-key": "key" })
      ]
      for (const answer of yield* Effect.all(asked)) {
        assert.deepStrictEqual(summary(answer), [404, "payment_not_found"])
      }
    }))
})

layer(PaymentUnderTest.layer, options)("a capture", (it) => {
  it.effect("takes the money once, alone or in a set, however often it is asked for", () =>
    Effect.gen(function*() {
      const alone = yield* aCapturedPayment()
      assert.deepStrictEqual(summary(yield* alone.capture()), [200, "CAPTURED"])
      assert.deepStrictEqual(summary(yield* alone.capture({ amount_cents: AMOUNT })), [200, "CAPTURED"])
      const done = { reference: alone.reference, outcome: "done", status: "CAPTURED" }
      assert.deepStrictEqual(yield* alone.captureSet, done)
      assert.deepStrictEqual(yield* alone.effects, [HELD, TAKEN])
      const together = yield* aPayment()
      yield* together.authorize()
      yield* Effect.replicateEffect(together.captureSet, 10, { concurrency: 10 })
      assert.strictEqual((yield* together.captureSet).outcome, "done")
      assert.deepStrictEqual(yield* together.effects, [HELD, TAKEN])
    }))

  it.effect("takes what was authorized, not more and not less", () =>
    Effect.gen(function*() {
      const payment = yield* aPayment()
      yield* payment.authorize()
      for (const amount_cents of [AMOUNT + 1, AMOUNT - 1, 0]) {
        assert.deepStrictEqual(summary(yield* payment.capture({ amount_cents })), [409, "state_conflict"])
      }
      assert.deepStrictEqual(yield* payment.effects, [HELD])
      yield* payment.capture()
      assert.strictEqual((yield* payment.row).captured, AMOUNT)
    }))

  it.effect("that is refused or came too late is a definite no, and the hold can be let go", () =>
    Effect.gen(function*() {
      for (const [token, code] of [["tok_capture_refused", "do_not_honor"], ["tok_capture_expired", "expired"]]) {
        const payment = yield* aPayment(token)
        yield* payment.authorize()
        const no = yield* payment.capture()
        assert.deepStrictEqual([...summary(no), no.body.detail], [409, "state_conflict", `capture_refused: ${code}`])
        assert.strictEqual((yield* payment.captureSet).reason, `capture_refused: ${code}`)
        assert.deepStrictEqual(summary(yield* payment.release), [200, "VOIDED"])
        assert.strictEqual((yield* payment.captureSet).reason, "payment_voided")
      }
    }))

  it.effect("answers a set in the order of the request, each payment for itself", () =>
    Effect.gen(function*() {
      const { call } = yield* PaymentUnderTest
      const tokens = ["tok_capture_refused", "tok_visa_success", "tok_capture_timeout_before", "tok_visa_success"]
      const payments = yield* Effect.forEach(tokens, (token) => Effect.tap(aPayment(token), (one) => one.authorize()))
      const items = [randomUUID(), ...payments.map(({ reference }) => reference)].toSorted().toReversed()
      const outcomeOf = Effect.fnUntraced(function*(path: string) {
        const { body } = yield* call("POST", path, { items })
        assert.deepStrictEqual(body.results.map((result: { reference: string }) => result.reference), items)
        const outcomes = new Map<string, string>(
          body.results.map((result: { reference: string; outcome: string }) => [result.reference, result.outcome])
        )
        return payments.map(({ reference }) => outcomes.get(reference))
      })
      assert.deepStrictEqual(yield* outcomeOf("/captures/batch"), ["refused", "done", "unknown", "done"])
      assert.deepStrictEqual(yield* outcomeOf("/voids/batch"), ["done", "refused", "done", "refused"])
      assert.deepStrictEqual(yield* outcomeOf("/refunds/batch"), ["done", "done", "done", "done"])
    }))
})

layer(PaymentUnderTest.layer, options)("a void", (it) => {
  it.effect("lets the hold go once, alone or in a set, however often it is asked for", () =>
    Effect.gen(function*() {
      const payment = yield* aPayment()
      yield* payment.authorize()
      assert.deepStrictEqual(summary(yield* payment.release), [200, "VOIDED"])
      assert.deepStrictEqual(summary(yield* payment.release), [200, "VOIDED"])
      const done = { reference: payment.reference, outcome: "done", status: "VOIDED" }
      assert.deepStrictEqual(yield* payment.voidSet, done)
      assert.deepStrictEqual(yield* payment.effects, [HELD, `canceled ${AMOUNT}`])
      assert.deepStrictEqual(summary(yield* payment.authorize()), [409, "state_conflict"])
      assert.deepStrictEqual(summary(yield* payment.capture()), [409, "state_conflict"])
    }))

  it.effect("of a reference never heard of leaves a tombstone that refuses a late authorization", () =>
    Effect.gen(function*() {
      const payment = yield* aPayment()
      const done = { reference: payment.reference, outcome: "done", status: "VOIDED" }
      assert.deepStrictEqual(yield* payment.voidSet, done)
      assert.deepStrictEqual(yield* payment.voidSet, done)
      const late = yield* payment.authorize()
      assert.deepStrictEqual([...summary(late), late.body.current], [409, "state_conflict", "VOIDED"])
      assert.deepStrictEqual(yield* payment.effects, [])
    }))

  it.effect("of an authorization that nobody knows the outcome of is settled first", () =>
    Effect.gen(function*() {
      const payment = yield* aPayment("tok_authorize_timeout_after")
      yield* payment.authorize()
      assert.strictEqual((yield* payment.voidSet).status, "VOIDED")
      assert.deepStrictEqual(yield* payment.effects, [HELD, `canceled ${AMOUNT}`])
      assert.strictEqual((yield* payment.row).token, null)
    }))

  it.effect("of captured money is refused, also when only the provider knew of the capture", () =>
    Effect.gen(function*() {
      const payment = yield* aCapturedPayment()
      const no = yield* payment.release
      assert.deepStrictEqual([...summary(no), no.body.detail], [409, "state_conflict", "already_captured"])
      const refused = { reference: payment.reference, outcome: "refused", reason: "already_captured" }
      assert.deepStrictEqual(yield* payment.voidSet, refused)
      const unheard = yield* aPayment("tok_capture_timeout_after")
      yield* unheard.authorize()
      assert.strictEqual((yield* unheard.captureSet).outcome, "unknown")
      assert.deepStrictEqual(yield* unheard.voidSet, { ...refused, reference: unheard.reference })
      assert.deepStrictEqual(summary(yield* unheard.byReference), [200, "CAPTURED"])
      assert.strictEqual((yield* unheard.refundSet).status, "REFUNDED")
    }))
})
