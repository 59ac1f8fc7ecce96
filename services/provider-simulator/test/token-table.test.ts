import { assert, describe, layer } from "@effect/vitest"
import { PaymentProvider } from "@surety/payment/provider"
import type { ProviderUnknown, UnknownReason } from "@surety/payment/provider-words"
import { stripePatience, stripeProvider } from "@surety/payment/stripe-provider"
import { Effect, Layer, Redacted, Schedule } from "effect"
import { simulatorControl } from "../src/control-client.ts"
import { ProviderSimulator, providerSimulator } from "../src/service.ts"
import { simulatorDefaults } from "../src/settings.ts"

const AMOUNT = 4_200

const patience = {
  ...stripePatience,
  timeout_millis: 300,
  // So many calls that the breaker never has enough of them.
  breaker_window_calls: 100_000,
  secret_key: Redacted.make("sk_test_surety")
}

const provider = Layer.unwrap(
  ProviderSimulator.useSync(({ url }) => stripeProvider({ ...patience, api_base: url }))
).pipe(
  Layer.provideMerge(providerSimulator({ ...simulatorDefaults, port: 0, slow_millis: 900, timeout_millis: 5_000 }))
)

const effectsOn = (reference: string) => ProviderSimulator.use(({ url }) => simulatorControl(url).effects(reference))

/** An answer, or why nothing is known, as one line of text. */
const said = <A extends { readonly _tag: string }, R>(answer: Effect.Effect<A, ProviderUnknown, R>) =>
  Effect.match(answer, {
    onSuccess: (word) => "amount_cents" in word ? `${word._tag} ${String(word.amount_cents)}` : word._tag,
    onFailure: ({ reason }) => `unknown: ${reason}`
  })

const authorize = (token: string, reference: string) =>
  PaymentProvider.use((stripe) =>
    stripe.authorize({ reference, amount_cents: AMOUNT, currency: "eur", token, key: `${reference}:authorize` })
  )
const capture = (provider_id: string, reference: string) =>
  PaymentProvider.use((stripe) => stripe.capture({ provider_id, amount_cents: AMOUNT, key: `${reference}:capture` }))
const cancel = (provider_id: string, reference: string) =>
  PaymentProvider.use((stripe) => stripe.cancel({ provider_id, key: `${reference}:cancel` }))
const refund = (provider_id: string, reference: string) =>
  PaymentProvider.use((stripe) => stripe.refund({ provider_id, amount_cents: AMOUNT, key: `${reference}:refund` }))

const held = (token: string, reference: string) =>
  Effect.map(authorize(token, reference), (answer) => answer.provider_id ?? "")

interface Row {
  /** Brings a payment to where the operation is due, and answers its id. */
  readonly prepare: (token: string, reference: string) => Effect.Effect<string, ProviderUnknown, PaymentProvider>
  readonly ask: (id: string, token: string, reference: string) => Effect.Effect<string, never, PaymentProvider>
  readonly good: string
  readonly behindSpentKey: string
  /** What is said once the key is spent although nothing happened. */
  readonly burnt: string
  readonly before: ReadonlyArray<string>
  readonly effect: string
}

const rows: Readonly<Record<string, Row>> = {
  authorize: {
    prepare: () => Effect.succeed(""),
    ask: (_, token, reference) => said(authorize(token, reference)),
    good: `Authorized ${AMOUNT}`,
    behindSpentKey: `Authorized ${AMOUNT}`,
    burnt: "unknown: key_spent",
    before: [],
    effect: `authorized ${AMOUNT}`
  },
  capture: {
    prepare: held,
    ask: (id, _, reference) => said(capture(id, reference)),
    good: `Captured ${AMOUNT}`,
    behindSpentKey: `AlreadyCaptured ${AMOUNT}`,
    burnt: `Captured ${AMOUNT}`,
    before: [`authorized ${AMOUNT}`],
    effect: `captured ${AMOUNT}`
  },
  cancel: {
    prepare: held,
    ask: (id, _, reference) => said(cancel(id, reference)),
    good: "Voided",
    behindSpentKey: "AlreadyVoided",
    burnt: "Voided",
    before: [`authorized ${AMOUNT}`],
    effect: `canceled ${AMOUNT}`
  },
  refund: {
    prepare: (token, reference) => Effect.tap(held(token, reference), (provider_id) => capture(provider_id, reference)),
    ask: (id, _, reference) => said(refund(id, reference)),
    good: `Refunded ${AMOUNT}`,
    behindSpentKey: `Refunded ${AMOUNT}`,
    burnt: "unknown: not_final",
    before: [`authorized ${AMOUNT}`, `captured ${AMOUNT}`],
    effect: `refunded ${AMOUNT}`
  }
}

/** A mishap, what the first call then hears, and whether the effect happened all the same. */
const mishaps: ReadonlyArray<readonly [mishap: string, first: UnknownReason, happened: boolean]> = [
  ["timeout_before", "timed_out", false],
  ["timeout_after", "timed_out", true],
  ["reset_before", "connection", false],
  ["reset_after", "connection", true],
  ["500_before", "server_error", false],
  ["500_after", "server_error", true],
  ["garbage_before", "unreadable", false],
  ["garbage_after", "unreadable", true]
]

layer(provider, { excludeTestServices: true })("what a token does to a payment", (it) => {
  describe.each(Object.keys(rows))("%s", (name) => {
    const { ask, before, behindSpentKey, burnt, effect, good, prepare } = rows[name]!
    const after = [...before, effect]

    const start = Effect.fnUntraced(function*(token: string) {
      const reference = crypto.randomUUID()
      const id = yield* prepare(token, reference)
      return { reference, call: ask(id, token, reference), effects: effectsOn(reference) }
    })

    it.effect("all well: a definite word, and the same one to the same key", () =>
      Effect.gen(function*() {
        const { call, effects } = yield* start("tok_visa_success")
        assert.deepStrictEqual([yield* call, yield* call], [good, good])
        assert.deepStrictEqual(yield* effects, after)
      }))

    for (const [mishap, first, happened] of mishaps) {
      it.effect(`${mishap}: ${first}, then definite under the same key, and it happens once`, () =>
        Effect.gen(function*() {
          const { call, effects } = yield* start(`tok_${name}_${mishap}`)
          assert.strictEqual(yield* call, `unknown: ${first}`)
          assert.deepStrictEqual(yield* effects, happened ? after : before)
          assert.strictEqual(yield* call, mishap === "500_after" ? behindSpentKey : good)
          assert.deepStrictEqual(yield* effects, after)
        }))
    }

    it.effect("slow: timed_out, then in_flight, then definite, and it happens once", () =>
      Effect.gen(function*() {
        const { call, effects } = yield* start(`tok_${name}_slow`)
        assert.deepStrictEqual([yield* call, yield* call], ["unknown: timed_out", "unknown: in_flight"])
        const settled = { until: (lines: ReadonlyArray<string>) => lines.includes(effect), times: 200 }
        yield* Effect.repeat(effects, { ...settled, schedule: Schedule.spaced("20 millis") })
        assert.strictEqual(yield* call, good)
        assert.deepStrictEqual(yield* effects, after)
      }))

    it.effect("burnt: the key is spent and nothing happened; only what can happen once is asked for again", () =>
      Effect.gen(function*() {
        const { call, effects } = yield* start(`tok_${name}_burnt`)
        assert.strictEqual(yield* call, "unknown: server_error")
        assert.deepStrictEqual(yield* effects, before)
        assert.strictEqual(yield* call, burnt)
        assert.deepStrictEqual(yield* effects, burnt.startsWith("unknown") ? before : after)
      }))

    it.effect("x3: goes wrong three times, then right", () =>
      Effect.gen(function*() {
        const { call, effects } = yield* start(`tok_${name}_reset_after_x3`)
        const heard = [yield* call, yield* call, yield* call, yield* call]
        assert.deepStrictEqual(heard, [...Array<string>(3).fill("unknown: connection"), good])
        assert.deepStrictEqual(yield* effects, after)
      }))
  })
})
