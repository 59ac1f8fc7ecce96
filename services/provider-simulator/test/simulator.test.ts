import { assert, describe, it, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { appendFile, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Stripe } from "stripe"
import { simulatorControl } from "../src/control-client.ts"
import { ProviderSimulator, providerSimulator } from "../src/service.ts"
import { simulatorDefaults } from "../src/settings.ts"

const settings = { ...simulatorDefaults, port: 0, slow_millis: 200 }

/** One POST as any client would send it. */
const post = (url: string, path: string, key: string, fields: Record<string, string> = {}) =>
  Effect.promise(async () => {
    const headers = { authorization: "Bearer sk_test", "idempotency-key": key }
    const response = await fetch(`${url}/v1/${path}`, { method: "POST", headers, body: new URLSearchParams(fields) })
    const replayed = response.headers.get("idempotent-replayed")
    return { status: response.status, body: await response.text(), replayed }
  })

const intentOf = (token: string, reference: string) => ({
  amount: "1000",
  currency: "eur",
  confirm: "true",
  capture_method: "manual",
  payment_method: token,
  "metadata[reference]": reference
})

const errorOf = ({ body }: { readonly body: string }) => JSON.parse(body).error

layer(providerSimulator(settings), { excludeTestServices: true })("idempotency keys", (it) => {
  it.effect("the same key and parameters get the stored status and body again, byte for byte", () =>
    Effect.gen(function*() {
      const { url } = yield* ProviderSimulator
      for (const token of ["tok_visa_success", "tok_decline_insufficient"]) {
        const first = yield* post(url, "payment_intents", `byte-${token}`, intentOf(token, token))
        const again = yield* post(url, "payment_intents", `byte-${token}`, intentOf(token, token))
        assert.deepStrictEqual(again, { ...first, replayed: "true" })
        assert.isNull(first.replayed)
        const effects = yield* simulatorControl(url).effects(token)
        assert.strictEqual(effects.length, 1)
      }
    }))

  it.effect("the same key and other parameters, or another endpoint, is an error and does nothing", () =>
    Effect.gen(function*() {
      const { url } = yield* ProviderSimulator
      const wish = intentOf("tok_visa_success", "other")
      const { body } = yield* post(url, "payment_intents", "other", wish)
      for (
        const [path, fields] of [["payment_intents", { ...wish, amount: "1" }], [
          `payment_intents/${JSON.parse(body).id}/cancel`,
          {}
        ]] as const
      ) {
        const answer = yield* post(url, path, "other", fields)
        assert.deepStrictEqual([answer.status, errorOf(answer).type], [400, "idempotency_error"])
      }
      assert.deepStrictEqual(yield* simulatorControl(url).effects("other"), ["authorized 1000"])
    }))

  it.effect("the same key while the first is still under way is a conflict", () =>
    Effect.gen(function*() {
      const { url } = yield* ProviderSimulator
      const wish = intentOf("tok_authorize_slow", "flight")
      const both = yield* Effect.all([
        post(url, "payment_intents", "flight", wish),
        Effect.delay(post(url, "payment_intents", "flight", wish), "50 millis")
      ], { concurrency: 2 })
      assert.deepStrictEqual(both.map(({ status }) => status), [200, 409])
      assert.strictEqual(errorOf(both[1]).code, "idempotency_key_in_use")
    }))

  it.effect("a 500 is stored and given again, as Stripe does, unless the settings say otherwise", () =>
    Effect.gen(function*() {
      const { url } = yield* ProviderSimulator
      const { behave } = simulatorControl(url)
      const wish = intentOf("tok_authorize_500_after", "faithful")
      const stored = [yield* post(url, "payment_intents", "f", wish), yield* post(url, "payment_intents", "f", wish)]
      assert.deepStrictEqual(stored.map(({ replayed, status }) => [status, replayed]), [[500, null], [500, "true"]])
      yield* behave({ replays_500: false })
      const kind = intentOf("tok_authorize_500_after", "kind")
      const good = [yield* post(url, "payment_intents", "k", kind), yield* post(url, "payment_intents", "k", kind)]
      yield* behave({ replays_500: null })
      assert.deepStrictEqual(good.map(({ replayed, status }) => [status, replayed]), [[500, null], [200, "true"]])
    }))
})

layer(providerSimulator(settings), { excludeTestServices: true })("the rest of the API", (it) => {
  it.effect("the official client confirms, captures, refunds and pages through everything", () =>
    Effect.gen(function*() {
      const { port } = yield* ProviderSimulator
      const stripe = new Stripe("sk_test", { host: "127.0.0.1", port, protocol: "http", telemetry: false })
      yield* Effect.promise(async () => {
        const made = await stripe.paymentIntents.create({ amount: 500, currency: "eur", capture_method: "manual" })
        assert.strictEqual(made.status, "requires_payment_method")
        const confirmed = await stripe.paymentIntents.confirm(made.id, { payment_method: "pm_card_visa" })
        assert.strictEqual(confirmed.amount_capturable, 500)
        const captured = await stripe.paymentIntents.capture(made.id)
        assert.deepStrictEqual([captured.status, captured.amount_received], ["succeeded", 500])
        const refund = await stripe.refunds.create({ payment_intent: made.id, amount: 200 })
        assert.strictEqual((await stripe.refunds.retrieve(refund.id)).amount, 200)
        const late = await stripe.paymentIntents.cancel(made.id).catch((error: Stripe.errors.StripeError) => error)
        assert.instanceOf(late, Stripe.errors.StripeInvalidRequestError)
        assert.deepStrictEqual([late.code, late.payment_intent?.status], [
          "payment_intent_unexpected_state",
          "succeeded"
        ])
        for (let i = 0; i < 24; i += 1) await stripe.paymentIntents.create({ amount: 1, currency: "eur" })
        const ids = []
        for await (const { id } of stripe.paymentIntents.list({ limit: 10 })) ids.push(id)
        assert.strictEqual(new Set(ids).size, 25)
        assert.strictEqual(ids.at(-1), made.id)
      })
    }))

  it.effect("without a secret key there is no answer but 401, and nonsense is refused without being remembered", () =>
    Effect.gen(function*() {
      const { url } = yield* ProviderSimulator
      const naked = yield* Effect.promise(() => fetch(`${url}/v1/payment_intents`))
      assert.strictEqual(naked.status, 401)
      const wish = intentOf("tok_visa_success", "nonsense")
      const bad = yield* post(url, "payment_intents", "nonsense", { ...wish, amount: "-1" })
      assert.deepStrictEqual([bad.status, errorOf(bad).code], [400, "parameter_invalid_integer"])
      const unknown = yield* post(url, "payment_intents", "nonsense", intentOf("tok_nonsense", "nonsense"))
      assert.deepStrictEqual([unknown.status, errorOf(unknown).code], [400, "resource_missing"])
      assert.strictEqual((yield* post(url, "payment_intents", "nonsense", wish)).status, 200)
      assert.strictEqual((yield* post(url, "nowhere", "nowhere")).status, 404)
    }))

  it.effect("a token can be told to behave as another, and totals tell what it came to", () =>
    Effect.gen(function*() {
      const { url } = yield* ProviderSimulator
      const { behave, payments, totals } = simulatorControl(url)
      yield* behave({ tokens: { tok_visa_success: "tok_decline_generic" } })
      assert.strictEqual(
        (yield* post(url, "payment_intents", "told", intentOf("tok_visa_success", "told"))).status,
        402
      )
      yield* behave({ tokens: null })
      for (const key of ["a", "b"]) yield* post(url, "payment_intents", key, intentOf("tok_visa_success", "told"))
      const lines = yield* payments("told")
      assert.deepStrictEqual(lines.map(({ held_cents, status }) => [status, held_cents]), [
        ["requires_payment_method", 0],
        ["requires_capture", 1_000],
        ["requires_capture", 1_000]
      ])
      assert.strictEqual((yield* totals).references_paid_twice, 1)
      const strange = yield* Effect.exit(behave({ tokens: { tok_visa: "tok_nonsense" } }))
      assert.strictEqual(strange._tag, "Failure")
    }))
})

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "surety-simulator-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true }))
)

describe("the journal", () => {
  it.live("a restart, even after a torn write, forgets neither payments nor keys nor how often a token went wrong", () =>
    Effect.gen(function*() {
      const data_folder = yield* folder
      const life = <A>(during: (url: string) => Effect.Effect<A>) =>
        Effect.scoped(
          Effect.flatMap(Layer.build(providerSimulator({ ...settings, data_folder })), (context) =>
            during(Context.get(context, ProviderSimulator).url))
        )
      const wish = intentOf("tok_capture_500_before_x2", "restart")
      const before = yield* life((url) =>
        Effect.gen(function*() {
          const answer = yield* post(url, "payment_intents", "restart", wish)
          const { id } = JSON.parse(answer.body)
          assert.strictEqual((yield* post(url, `payment_intents/${id}/capture`, "c")).status, 500)
          return { answer, id, totals: yield* simulatorControl(url).totals }
        })
      )
      yield* Effect.promise(() => appendFile(join(data_folder, "journal.jsonl"), "{\"sequence\":3,\"at"))
      yield* life((url) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* simulatorControl(url).totals, before.totals)
          const again = yield* post(url, "payment_intents", "restart", wish)
          assert.deepStrictEqual(again, { ...before.answer, replayed: "true" })
          const captures = yield* Effect.replicateEffect(post(url, `payment_intents/${before.id}/capture`, "c"), 2)
          assert.deepStrictEqual(captures.map(({ status }) => status), [500, 200])
        })
      )
      const effects = yield* life((url) => simulatorControl(url).effects("restart"))
      assert.deepStrictEqual(effects, ["authorized 1000", "captured 1000"])
    }))
})

it.live("as a process it serves, and on SIGTERM ends with 0 although a client still waits for an answer", () =>
  Effect.gen(function*() {
    const environment = { ...process.env, SIMULATOR_PORT: "0" }
    const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(process.execPath, [main], { env: environment, stdio: ["ignore", "pipe", "inherit"] })),
      (running) => Effect.sync(() => running.kill("SIGKILL"))
    )
    const [line] = yield* Effect.promise(() => once(child.stdout, "data"))
    const port = /"port":(\d+)/.exec(String(line))?.[1]
    const url = `http://127.0.0.1:${port}`
    const ready = yield* Effect.promise(() => fetch(`${url}/health/ready`))
    assert.strictEqual(ready.status, 200)
    const hanging = fetch(`${url}/v1/payment_intents`, {
      method: "POST",
      headers: { authorization: "Bearer sk_test" },
      body: new URLSearchParams(intentOf("tok_authorize_timeout_after", "hanging"))
    }).then(() => "answered", () => "cut")
    const { effects } = simulatorControl(url)
    yield* Effect.repeat(effects("hanging"), { until: (lines) => lines.length === 1, times: 500 })
    child.kill("SIGTERM")
    const [code] = yield* Effect.promise(() => once(child, "exit"))
    assert.deepStrictEqual([code, yield* Effect.promise(() => hanging)], [0, "cut"])
  }))
