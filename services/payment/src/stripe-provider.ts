/**
 * The payment provider through Stripe's official client, kept on a short lead: one call is one request, nothing is
 * repeated behind our back (that is the saga's business), and an answer counts only if it is one of Stripe's own.
 */
import { Effect, Layer, Option, Stream } from "effect"
import type { Stripe } from "stripe"
import { askBehindSpentKeys, isSpent } from "./ask-behind-spent-keys.ts"
import { askStripe } from "./ask-stripe.ts"
import { breakerMemory } from "./breaker-memory.ts"
import { makeGuard, type ProviderPatience } from "./guard-provider.ts"
import { cancellationIn } from "./provider-words.ts"
import { PaymentProvider } from "./provider.ts"
import { makeStripeClient, type StripeSettings } from "./stripe-client.ts"
import {
  authorized,
  captured,
  captureRefused,
  cardOf,
  declined,
  paymentOf,
  refundIn,
  refused,
  voided
} from "./stripe-words.ts"

export const stripePatience: ProviderPatience = {
  timeout_millis: 10_000,
  concurrency: 64,
  breaker_failure_share: 0.5,
  breaker_window_calls: 40,
  breaker_open_millis: 2_000
}
const PAGE_LIMIT = 100

const makeOperations = Effect.fnUntraced(function*(settings: StripeSettings) {
  const { paymentIntents, refunds } = yield* makeStripeClient(settings)
  const ask = askStripe(yield* makeGuard(settings))

  return PaymentProvider.of({
    authorize: ({ amount_cents: amount, currency, key: idempotencyKey, reference, token }) => {
      const intent = {
        amount,
        currency: currency.toLowerCase(),
        capture_method: "manual" as const,
        confirm: true,
        error_on_requires_action: true,
        allowed_payment_method_types: ["card"],
        metadata: { reference },
        ...cardOf(token)
      }
      const post = () => paymentIntents.create(intent, { idempotencyKey })
      return ask("authorize", "payment_intent", post, authorized, declined)
    },
    capture: ({ amount_cents: amount_to_capture, key: idempotencyKey, provider_id }) => {
      const post = () => paymentIntents.capture(provider_id, { amount_to_capture }, { idempotencyKey })
      return ask("capture", "payment_intent", post, captured, captureRefused)
    },
    cancel: ({ key: idempotencyKey, provider_id }) => {
      const post = () => paymentIntents.cancel(provider_id, {}, { idempotencyKey })
      const late = ({ payment_intent: now }: Stripe.errors.StripeError) => now && cancellationIn(paymentOf(now))
      return ask("cancel", "payment_intent", post, voided, late)
    },
    refund: ({ amount_cents: amount, key, provider_id: payment_intent }) => {
      const post = () => refunds.create({ payment_intent, amount, metadata: { key } }, { idempotencyKey: key })
      const refund = ask("refund", "refund", post, refundIn, ({ code, decline_code }) => refused(decline_code || code))
      const list = () => refunds.list({ payment_intent, limit: PAGE_LIMIT })
      const isOurs = ({ metadata }: Stripe.Refund) => metadata?.["key"] === key
      const found = ask("refund", "list", list, ({ data }) => data.filter(isOurs).map(refundIn)[0])
      return Effect.catchIf(refund, isSpent, () => found)
    },
    retrieve: ({ provider_id }) => {
      const get = () => paymentIntents.retrieve(provider_id, { expand: ["latest_charge"] })
      const readNo = ({ code }: Stripe.errors.StripeError) => code === "resource_missing" ? Option.none() : undefined
      return ask("retrieve", "payment_intent", get, (intent) => Option.some(paymentOf(intent)), readNo)
    },
    find: ({ reference }) => {
      const query = `metadata['reference']:'${reference.replaceAll("'", "\\'")}'`
      const get = () => paymentIntents.search({ query, limit: PAGE_LIMIT, expand: ["data.latest_charge"] })
      return ask("find", "search_result", get, ({ data }) => data.map(paymentOf))
    },
    list: ({ created_after, created_before }) => {
      const created = {
        gte: secondsOf(created_after ?? new Date(0)),
        ...(created_before === undefined ? {} : { lt: secondsOf(created_before) })
      }
      const all: Stripe.PaymentIntentListParams = { created, limit: PAGE_LIMIT, expand: ["data.latest_charge"] }
      return Stream.paginate(
        all,
        (page) =>
          ask("list", "list", () => paymentIntents.list(page), ({ data, has_more }) => {
            const last = Option.fromNullishOr(has_more ? data.at(-1) : undefined)
            return [data.map(paymentOf), Option.map(last, ({ id }) => ({ ...all, starting_after: id }))] as const
          })
      )
    }
  })
})

const secondsOf = (moment: Date) => Math.floor(moment.getTime() / 1000)

/** The provider through Stripe. Closing the layer closes its connections. */
export const stripeProvider = (settings: StripeSettings): Layer.Layer<PaymentProvider> =>
  Layer.effect(PaymentProvider, Effect.map(makeOperations(settings), askBehindSpentKeys)).pipe(
    Layer.provide(breakerMemory)
  )
