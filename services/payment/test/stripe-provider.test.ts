import { assert, describe, it, layer } from "@effect/vitest"
import { simulatorControl } from "@surety/provider-simulator/control-client"
import { ProviderSimulator, providerSimulator } from "@surety/provider-simulator/service"
import { simulatorDefaults } from "@surety/provider-simulator/settings"
import { Effect, Layer, Option, Redacted, Schedule, Stream } from "effect"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import type { ProviderUnknown } from "../src/provider-words.ts"
import { PaymentProvider } from "../src/provider.ts"
import { stripePatience, stripeProvider } from "../src/stripe-provider.ts"

const AMOUNT = 4_200
const patience = { ...stripePatience, timeout_millis: 2_000, secret_key: Redacted.make("sk_test_surety") }

const simulated = (settings: typeof patience) =>
  Layer.unwrap(ProviderSimulator.useSync(({ url }) => stripeProvider({ ...settings, api_base: url }))).pipe(
    Layer.provideMerge(providerSimulator({ ...simulatorDefaults, port: 0 }))
  )

const control = ProviderSimulator.useSync(({ url }) => simulatorControl(url))

/** A payment of ours with its operations, each under its own key unless another is given. */
const newPayment = Effect.fnUntraced(function*(token: string) {
  const stripe = yield* PaymentProvider
  const reference = crypto.randomUUID()
  const authorize = (amount_cents = AMOUNT) =>
    stripe.authorize({ reference, amount_cents, currency: "EUR", token, key: `${reference}:authorize` })
  const provider_id = (yield* authorize()).provider_id ?? "none"
  return {
    reference,
    provider_id,
    authorize,
    capture: (amount_cents = AMOUNT, key = "capture") =>
      stripe.capture({ provider_id, amount_cents, key: `${reference}:${key}` }),
    cancel: (key = "cancel") => stripe.cancel({ provider_id, key: `${reference}:${key}` }),
    refund: (amount_cents = AMOUNT, key = "refund") =>
      stripe.refund({ provider_id, amount_cents, key: `${reference}:${key}` }),
    effects: Effect.flatMap(control, ({ effects }) => effects(reference))
  }
})

const reasonOf = <A, R>(answer: Effect.Effect<A, ProviderUnknown, R>) =>
  Effect.map(Effect.flip(answer), ({ reason }) => reason)

layer(simulated(patience), { excludeTestServices: true })("what Stripe's definite answers mean", (it) => {
  const declines = { insufficient: "insufficient_funds", expired: "expired_card", generic: "generic_decline" }
  it.effect.each(Object.entries(declines))("%s is Declined: nothing is held, and the same key is told the same", (
    [reason, decline_code]
  ) =>
    Effect.gen(function*() {
      const payment = yield* newPayment(`tok_decline_${reason}`)
      const { message: _, ...answer } = { message: "", ...yield* payment.authorize() }
      assert.deepStrictEqual(answer, { _tag: "Declined", decline_code, provider_id: payment.provider_id })
      assert.deepStrictEqual(yield* payment.effects, ["declined 0"])
      assert.deepStrictEqual(yield* payment.capture(), { _tag: "Refused", code: "not_authorized" })
    }))

  it.effect("an unknown card is Declined, and no payment is made of it", () =>
    Effect.gen(function*() {
      const payment = yield* newPayment("tok_nonsense")
      assert.strictEqual((yield* payment.authorize())._tag, "Declined")
      assert.strictEqual(payment.provider_id, "none")
      assert.deepStrictEqual(yield* payment.effects, [])
    }))

  it.effect("an expired authorization is Refused as expired, and there is nothing left to cancel", () =>
    Effect.gen(function*() {
      const payment = yield* newPayment("tok_capture_expired")
      assert.deepStrictEqual(yield* payment.capture(), { _tag: "Refused", code: "expired" })
      assert.deepStrictEqual(yield* payment.capture(AMOUNT, "other"), { _tag: "Refused", code: "expired" })
      assert.deepStrictEqual(yield* payment.cancel(), { _tag: "AlreadyVoided" })
    }))

  it.effect("a refused capture leaves the hold, which a cancel lets go", () =>
    Effect.gen(function*() {
      const payment = yield* newPayment("tok_capture_refused")
      assert.deepStrictEqual(yield* payment.capture(), { _tag: "Refused", code: "do_not_honor" })
      assert.deepStrictEqual(yield* payment.cancel(), { _tag: "Voided" })
      assert.deepStrictEqual(yield* payment.effects, [`authorized ${AMOUNT}`, `canceled ${AMOUNT}`])
    }))

  it.effect("what came too late says so, whatever the key", () =>
    Effect.gen(function*() {
      const taken = yield* newPayment("tok_visa_success")
      assert.deepStrictEqual(yield* taken.capture(4_000), { _tag: "Captured", amount_cents: 4_000 })
      assert.deepStrictEqual(yield* taken.capture(AMOUNT, "b"), { _tag: "AlreadyCaptured", amount_cents: 4_000 })
      assert.deepStrictEqual(yield* taken.cancel(), { _tag: "AlreadyCaptured", amount_cents: 4_000 })
      const gone = yield* newPayment("tok_visa_success")
      assert.deepStrictEqual(yield* gone.cancel(), { _tag: "Voided" })
      assert.deepStrictEqual(yield* gone.cancel("b"), { _tag: "AlreadyVoided" })
      assert.deepStrictEqual(yield* gone.capture(), { _tag: "Refused", code: "canceled" })
    }))

  it.effect("more than was held is not captured, more than was captured is not given back", () =>
    Effect.gen(function*() {
      const payment = yield* newPayment("tok_visa_success")
      assert.deepStrictEqual(yield* payment.refund(), { _tag: "Refused", code: "payment_intent_unexpected_state" })
      assert.deepStrictEqual(yield* payment.capture(AMOUNT + 1), { _tag: "Refused", code: "amount_too_large" })
      yield* payment.capture(AMOUNT, "b")
      assert.strictEqual((yield* payment.refund(3_000, "c"))._tag, "Refunded")
      assert.deepStrictEqual(yield* payment.refund(2_000, "d"), { _tag: "Refused", code: "amount_too_large" })
      assert.strictEqual((yield* payment.refund(1_200, "e"))._tag, "Refunded")
      assert.deepStrictEqual(yield* payment.refund(1, "f"), { _tag: "Refused", code: "charge_already_refunded" })
      const disputed = yield* newPayment("tok_refund_refused")
      yield* disputed.capture()
      assert.deepStrictEqual(yield* disputed.refund(), { _tag: "Refused", code: "charge_disputed" })
    }))

  it.effect("a key used for other parameters, or an id that Stripe does not know, says nothing", () =>
    Effect.gen(function*() {
      const payment = yield* newPayment("tok_visa_success")
      assert.strictEqual(yield* reasonOf(payment.authorize(AMOUNT + 1)), "not_understood")
      assert.deepStrictEqual(yield* payment.effects, [`authorized ${AMOUNT}`])
      const stripe = yield* PaymentProvider
      const provider_id = "pi_unknown"
      assert.strictEqual(yield* reasonOf(stripe.cancel({ provider_id, key: crypto.randomUUID() })), "not_understood")
      assert.isTrue(Option.isNone(yield* stripe.retrieve({ provider_id })))
    }))

  it.effect("a payment is told as it stands: by id, by reference, and in the list of all", () =>
    Effect.gen(function*() {
      const stripe = yield* PaymentProvider
      const since = new Date()
      const many = yield* Effect.replicateEffect(newPayment("tok_visa_success"), 230, { concurrency: 32 })
      const { capture, provider_id, reference, refund } = many[0]!
      yield* capture(4_000)
      yield* refund(1_000)
      const found = Option.getOrThrow(yield* stripe.retrieve({ provider_id }))
      const { created_at, ...rest } = found
      const sums = { amount_cents: AMOUNT, held_cents: 0, captured_cents: 4_000, refunded_cents: 1_000 }
      assert.deepStrictEqual(rest, { provider_id, reference, status: "captured", currency: "eur", ...sums })
      assert.isAtLeast(created_at.getTime(), since.getTime() - 1_000)
      assert.deepStrictEqual(yield* stripe.find({ reference }), [found])
      const listed = yield* Stream.runCollect(stripe.list({ created_after: since }))
      const ids = new Set(listed.map((payment) => payment.provider_id))
      assert.strictEqual(ids.size, listed.length)
      assert.isTrue(many.every((payment) => ids.has(payment.provider_id)))
      assert.deepStrictEqual(listed.find((payment) => payment.provider_id === provider_id), found)
    }))
})

const brisk = { ...patience, timeout_millis: 100, breaker_window_calls: 4, breaker_open_millis: 300 }
layer(simulated(brisk), { excludeTestServices: true })("the breaker", (it) => {
  it.effect("opens when the provider goes dark, spares it, and closes again when it answers", () =>
    Effect.gen(function*() {
      const { behave } = yield* control
      const { find } = yield* PaymentProvider
      const ask = find({ reference: "any" })
      yield* behave({ dark: true })
      const heard = yield* Effect.replicateEffect(reasonOf(ask), 4)
      assert.deepStrictEqual(heard, ["timed_out", "timed_out", "breaker_open", "breaker_open"])
      yield* behave({ dark: false })
      const recovered = yield* Effect.retry(ask, { schedule: Schedule.spaced("20 millis"), times: 100 })
      assert.deepStrictEqual(recovered, [])
    }))

  it.effect("takes any number of declines for answers", () =>
    Effect.gen(function*() {
      yield* Effect.replicateEffect(newPayment("tok_decline_generic"), 20)
      const payment = yield* newPayment("tok_visa_success")
      assert.notStrictEqual(payment.provider_id, "none")
    }))
})

/** Something that is not Stripe, or not quite, at Stripe's address. */
const impostor = Effect.fnUntraced(function*(listener: RequestListener, settings: typeof patience = patience) {
  const server = yield* Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createServer>>((resume) => {
      const opened = createServer(listener).listen(0, "127.0.0.1", () => resume(Effect.succeed(opened)))
    }),
    (opened) => Effect.sync(() => opened.close().closeAllConnections())
  )
  const api_base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const context = yield* Layer.build(stripeProvider({ ...settings, api_base }))
  return yield* Effect.provide(PaymentProvider, context)
})

describe("an answer that is not Stripe's own", () => {
  const replies: ReadonlyArray<readonly [name: string, status: number, body: string, reason: string]> = [
    ["a page of HTML", 200, "<html>hello</html>", "unreadable"],
    ["a bare word of JSON", 200, "\"ok\"", "unreadable"],
    ["nothing", 200, "null", "unreadable"],
    ["another object", 200, "{\"object\":\"charge\",\"status\":\"succeeded\"}", "unreadable"],
    ["a gateway's JSON", 503, "{\"message\":\"no upstream\"}", "unreadable"],
    [
      "a right object with a wrong status",
      502,
      "{\"object\":\"payment_intent\",\"status\":\"canceled\"}",
      "unreadable"
    ],
    ["a gateway's page", 502, "<html>bad gateway</html>", "unreadable"],
    ["a payment in motion", 200, "{\"object\":\"payment_intent\",\"status\":\"processing\"}", "not_final"],
    ["another 402", 402, "{\"error\":{\"type\":\"api_error\"}}", "not_understood"],
    ["a wrong secret", 401, "{\"error\":{\"type\":\"invalid_request_error\"}}", "not_understood"],
    ["too many requests", 429, "{\"error\":{\"type\":\"invalid_request_error\"}}", "rate_limited"],
    ["a locked object", 429, "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"lock_timeout\"}}", "in_flight"],
    ["a refusal about who knows what", 400, "{\"error\":{\"type\":\"invalid_request_error\"}}", "not_final"]
  ]
  it.live.each(replies)(
    "%s says nothing about a capture or a cancellation",
    ([, status, body, reason]) =>
      Effect.gen(function*() {
        const stripe = yield* impostor((_, response) => response.writeHead(status).end(body))
        const request = { provider_id: "pi_1", key: "key", amount_cents: 1 }
        assert.deepStrictEqual([yield* reasonOf(stripe.capture(request)), yield* reasonOf(stripe.cancel(request))], [
          reason,
          reason
        ])
      })
  )

  it.live("a body that never ends is given up in time and let go of, and a reset is not repeated behind our back", () =>
    Effect.gen(function*() {
      let requests = 0
      let trickling = 0
      const stripe = yield* impostor((request, response) => {
        requests += 1
        if (request.url?.endsWith("/capture") === true) return request.socket.resetAndDestroy()
        trickling += 1
        const drip = setInterval(() => response.write(" "), 20)
        response.once("close", () => {
          trickling -= 1
          clearInterval(drip)
        })
      }, { ...patience, timeout_millis: 200 })
      const request = { provider_id: "pi_1", key: "key", amount_cents: 1 }
      assert.strictEqual(yield* reasonOf(stripe.capture(request)), "connection")
      assert.strictEqual(yield* reasonOf(stripe.cancel(request)), "timed_out")
      assert.strictEqual(requests, 2)
      const left = Effect.sync(() => trickling)
      const schedule = Schedule.spaced("20 millis")
      assert.strictEqual(yield* Effect.repeat(left, { until: (open) => open === 0, schedule, times: 100 }), 0)
    }))

  it.live("never more requests are under way than the settings allow", () =>
    Effect.gen(function*() {
      let now = 0
      let most = 0
      const stripe = yield* impostor((_, response) => {
        most = Math.max(most, now += 1)
        setTimeout(() => {
          now -= 1
          response.end("{\"object\":\"search_result\",\"data\":[]}")
        }, 5)
      }, { ...patience, concurrency: 3 })
      yield* Effect.replicateEffect(stripe.find({ reference: "any" }), 30, { concurrency: "unbounded" })
      assert.strictEqual(most, 3)
    }))
})
