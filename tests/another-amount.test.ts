import { assert, describe, it } from "@effect/vitest"
import { payment } from "@surety/payment/service"
import { stripePatience } from "@surety/payment/stripe-provider"
import { portOf } from "@surety/platform/http-server"
import { httpCall } from "@surety/testkit/http-call"
import { testDatabase } from "@surety/testkit/test-database"
import { Context, Effect, Layer, Redacted, References } from "effect"
import { HttpServer } from "effect/http"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"

const ASKED = 4_200
const TAKEN = 4_100

const intent = (status: string, capturable: number, received: number) =>
  JSON.stringify({
    id: "pi_1",
    object: "payment_intent",
    status,
    amount: ASKED,
    amount_capturable: capturable,
    amount_received: received,
    currency: "usd",
    created: 1_700_000_000
  })

/** A provider that holds what it is asked for, and takes less. */
const stingy: RequestListener = (request, response) => {
  request.resume()
  const captures = request.url?.endsWith("/capture") === true
  response.writeHead(200, { "content-type": "application/json" })
  response.end(captures ? intent("succeeded", 0, TAKEN) : intent("requires_capture", ASKED, 0))
}

const listening = Effect.acquireRelease(
  Effect.callback<ReturnType<typeof createServer>>((resume) => {
    const opened = createServer(stingy).listen(0, "127.0.0.1", () => resume(Effect.succeed(opened)))
  }),
  (opened) => Effect.sync(() => opened.close().closeAllConnections())
)

const paymentsBefore = Effect.fnUntraced(function*(port: number) {
  const url = yield* testDatabase
  const service = yield* Layer.build(payment({
    listen: { host: "127.0.0.1", port: 0 },
    database: { url, role: "surety_payment", application_name: "another-amount", max_connections: 4 },
    stripe: { ...stripePatience, api_base: `http://127.0.0.1:${port}`, secret_key: Redacted.make("sk_test_surety") }
  }))
  return `http://127.0.0.1:${portOf(Context.get(service, HttpServer.HttpServer))}/payments`
}, Effect.provideService(References.MinimumLogLevel, "Error"))

describe("a provider that takes another amount than we asked for", () => {
  it.live("has not done what we asked: a person has to look, however often it is asked about", () =>
    Effect.gen(function*() {
      const server = yield* listening
      const payments = yield* paymentsBefore((server.address() as AddressInfo).port)
      const reference = "00000000-0000-7000-8000-000000000001"
      const held = yield* httpCall("POST", `${payments}/authorize`, {
        reference,
        amount_cents: ASKED,
        currency: "usd",
        token: "tok_visa"
      })
      assert.strictEqual(held.status, 201, held.text)
      for (let time = 0; time < 2; time++) {
        const { body } = yield* httpCall("POST", `${payments}/captures/batch`, { items: [reference] })
        const [result] = body.results
        assert.strictEqual(result.outcome, "stuck", JSON.stringify(result))
        assert.match(result.reason, /4100.*4200/)
      }
      const { body } = yield* httpCall("GET", `${payments}/${reference}`)
      assert.deepStrictEqual([body.status, body.captured_cents], ["CAPTURED", TAKEN])
    }).pipe(Effect.scoped))
})
