import { assert, layer } from "@effect/vitest"
import type { Answer } from "@surety/testkit/http-call"
import { Effect, Schedule } from "effect"
import { randomUUID } from "node:crypto"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { AMOUNT, aPayment, PaymentUnderTest, startPayment } from "./payment-under-test.ts"

const asked = { until: ({ status }: Answer) => status !== 503, schedule: Schedule.spaced("10 millis"), times: 500 }
const HELD = `authorized ${AMOUNT}`
const TAKEN = `captured ${AMOUNT}`
const summary = ({ body, status }: Answer) => [status, body.error ?? body.status]

layer(PaymentUnderTest.layer, { excludeTestServices: true })("an unknown outcome", (it) => {
  const mishaps = ["timeout_before", "timeout_after", "reset_after", "500_before", "500_after", "garbage_after", "slow"]
  it.effect.each(mishaps)(
    "of an authorization (%s) is 503, and settled by asking by reference",
    (mishap) =>
      Effect.gen(function*() {
        const payment = yield* aPayment(`tok_authorize_${mishap}`)
        assert.deepStrictEqual(summary(yield* payment.authorize()), [503, "payment_outcome_unknown"])
        const open = yield* payment.row
        assert.deepStrictEqual([open.status, open.token], ["AUTHORIZING", `tok_authorize_${mishap}`])
        const settled = yield* Effect.repeat(payment.byReference, {
          until: ({ status }) => status !== 503,
          times: 2_000
        })
        assert.deepStrictEqual(summary(settled), [200, "AUTHORIZED"])
        assert.deepStrictEqual(yield* payment.effects, [HELD])
      })
  )

  it.effect.each(mishaps)(
    "of a capture, a void or a refund (%s) is settled by the same request again",
    (mishap) =>
      Effect.gen(function*() {
        const ask = (answer: Effect.Effect<Answer>) =>
          Effect.flatMap(answer, (first) => {
            assert.deepStrictEqual(summary(first), [503, "payment_outcome_unknown"])
            return Effect.repeat(answer, asked)
          })
        const taken = yield* aPayment(`tok_capture_${mishap}__refund_${mishap}`)
        yield* taken.authorize()
        assert.deepStrictEqual(summary(yield* ask(taken.capture())), [200, "CAPTURED"])
        assert.deepStrictEqual(summary(yield* ask(taken.refund(AMOUNT, "key"))), [200, "REFUNDED"])
        assert.deepStrictEqual(yield* taken.effects, [HELD, TAKEN, `refunded ${AMOUNT}`])
        const released = yield* aPayment(`tok_cancel_${mishap}`)
        yield* released.authorize()
        assert.deepStrictEqual(summary(yield* ask(released.release)), [200, "VOIDED"])
        assert.deepStrictEqual(yield* released.effects, [HELD, `canceled ${AMOUNT}`])
      })
  )

  it.effect("of a capture or a void is settled although the provider remembers a failure under one key after the other", () =>
    Effect.gen(function*() {
      const taken = yield* aPayment("tok_capture_burnt_x3")
      yield* taken.authorize()
      assert.deepStrictEqual(summary(yield* Effect.repeat(taken.capture(), asked)), [200, "CAPTURED"])
      assert.deepStrictEqual(yield* taken.effects, [HELD, TAKEN])
      const released = yield* aPayment("tok_cancel_burnt_x3")
      yield* released.authorize()
      assert.deepStrictEqual(summary(yield* Effect.repeat(released.release, asked)), [200, "VOIDED"])
      assert.deepStrictEqual(yield* released.effects, [HELD, `canceled ${AMOUNT}`])
    }))

  it.effect("keeps the token only as long as it is unknown", () =>
    Effect.gen(function*() {
      const { sql } = yield* PaymentUnderTest
      const tokens = ["tok_visa_success", "tok_decline_expired", "tok_nonsense", "tok_authorize_burnt"]
      const payments = yield* Effect.forEach(tokens, (token) => aPayment(token))
      for (const payment of payments) {
        yield* payment.authorize()
        yield* payment.byReference
      }
      assert.deepStrictEqual(yield* sql`SELECT status, token FROM payment.payments WHERE token IS NOT NULL`, [])
      const words = yield* Effect.forEach(payments, (payment) => Effect.map(payment.byReference, ({ body }) => body))
      assert.deepStrictEqual(words.map((body) => [body.status, body.refusal_code]), [
        ["AUTHORIZED", undefined],
        ["DECLINED", "expired_card"],
        ["DECLINED", "resource_missing"],
        ["DECLINED", "provider_error"]
      ])
    }))

  it.effect("never tells the token, also when the provider does", () =>
    Effect.gen(function*() {
      const token = "tok_of_a_customer"
      const complaint = { error: { type: "invalid_request_error", message: `No such token: '${token}'` } }
      const server = yield* Effect.acquireRelease(
        Effect.callback<ReturnType<typeof createServer>>((resume) => {
          const opened = createServer((_, response) => response.writeHead(404).end(JSON.stringify(complaint)))
          opened.listen(0, "127.0.0.1", () => resume(Effect.succeed(opened)))
        }),
        (opened) => Effect.sync(() => opened.close().closeAllConnections())
      )
      const { call } = yield* startPayment(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
      const request = { reference: randomUUID(), amount_cents: AMOUNT, currency: "usd", token }
      const answer = yield* call("POST", "/authorize", request)
      assert.deepStrictEqual(summary(answer), [503, "payment_outcome_unknown"])
      assert.include(answer.body.detail, "No such token: 'the token'")
    }))
})
