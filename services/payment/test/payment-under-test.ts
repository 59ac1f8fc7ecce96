import { assert } from "@effect/vitest"
import { portOf } from "@surety/platform/http-server"
import { simulatorControl } from "@surety/provider-simulator/control-client"
import { ProviderSimulator, providerSimulator } from "@surety/provider-simulator/service"
import { simulatorDefaults } from "@surety/provider-simulator/settings"
import { type Answer, httpCall } from "@surety/testkit/http-call"
import { administrator, testDatabase } from "@surety/testkit/test-database"
import { Context, Effect, Layer, Redacted, References } from "effect"
import { HttpServer } from "effect/http"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import { payment } from "../src/service.ts"
import { stripePatience } from "../src/stripe-provider.ts"

export const AMOUNT = 4_200

/** The service in this process over real HTTP, before the provider at `api_base`, the tester's SQL beside it. */
export const startPayment = Effect.fnUntraced(function*(api_base: string, around: Layer.Layer<never> = Layer.empty) {
  const url = yield* testDatabase
  const sql = Context.get(yield* Layer.build(administrator(url)), SqlClient.SqlClient)
  const service = yield* Layer.build(
    payment({
      listen: { host: "127.0.0.1", port: 0 },
      database: { url, role: "surety_payment", application_name: "payment-under-test", max_connections: 10 },
      stripe: {
        ...stripePatience,
        api_base,
        secret_key: Redacted.make("sk_test_surety"),
        timeout_millis: 300,
        // So many calls that the breaker never has enough of them.
        breaker_window_calls: 100_000
      }
    }).pipe(Layer.provide(around))
  )
  const port = portOf(Context.get(service, HttpServer.HttpServer))

  /** One request. Whatever the answer is, no card's token is in it. */
  const call = (method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
    httpCall(method, `http://127.0.0.1:${port}/payments${path}`, body, headers).pipe(
      Effect.tap(({ text }) => Effect.sync(() => assert.notInclude(text, "tok_")))
    )

  return { call, sql } as const
}, Effect.provideService(References.MinimumLogLevel, "Error"))

/** A simulated provider; answers where it is. */
export const aProvider = Layer.build(
  providerSimulator({ ...simulatorDefaults, port: 0, slow_millis: 600, timeout_millis: 5_000 })
).pipe(
  Effect.map((simulator) => Context.get(simulator, ProviderSimulator).url),
  Effect.provideService(References.MinimumLogLevel, "Error")
)

/** The payment service before a simulated provider that keeps books of its own. */
export class PaymentUnderTest extends Context.Service<PaymentUnderTest>()("test/PaymentUnderTest", {
  make: Effect.gen(function*() {
    const url = yield* aProvider
    return { ...yield* startPayment(url), provider: simulatorControl(url) }
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}

/** A payment of an order of its own, with everything that can be asked about it. */
export const aPayment = Effect.fnUntraced(function*(token = "tok_visa_success") {
  const { call, provider, sql } = yield* PaymentUnderTest
  const reference: string = randomUUID()
  const request = { reference, amount_cents: AMOUNT, currency: "usd", token }
  const set = (path: string) => Effect.map(call("POST", path, { items: [reference] }), ({ body }) => body.results[0])
  const row = Effect.map(
    sql<{ reference: string; status: string; token: string | null; captured: number; refunded: number }>`
      SELECT reference, status, token, captured_cents::int4 AS captured, refunded_cents::int4 AS refunded
      FROM payment.payments WHERE reference = ${reference}::uuid`,
    ([found]) => found!
  )
  const withId = (ask: (id: string) => Effect.Effect<Answer>) =>
    Effect.flatMap(Effect.orDie(row), ({ reference }) => ask(reference))
  return {
    reference,
    row,
    authorize: (changes: object = {}) => call("POST", "/authorize", { ...request, ...changes }),
    capture: (body?: object) => withId((id) => call("POST", `/capture/${id}`, body)),
    release: withId((id) => call("POST", `/void/${id}`)),
    refund: (amount_cents: number, key: string) =>
      withId((id) => call("POST", `/refund/${id}`, { amount_cents }, { "idempotency-key": key })),
    show: withId((id) => call("GET", `/${id}`)),
    byReference: call("GET", `/by-reference/${reference}`),
    captureSet: set("/captures/batch"),
    voidSet: set("/voids/batch"),
    refundSet: set("/refunds/batch"),
    /** What really happened at the provider, one line an effect. */
    effects: provider.effects(reference)
  }
})

/** A payment whose money is taken. */
export const aCapturedPayment = Effect.fnUntraced(function*(token = "tok_visa_success") {
  const payment = yield* aPayment(token)
  assert.strictEqual((yield* payment.authorize()).status, 201)
  assert.strictEqual((yield* payment.capture()).status, 200)
  return payment
})
