/**
 * The payment provider through Stripe's official client, kept on a short lead: one call is one request, nothing is
 * repeated behind our back (that is the saga's business), and an answer counts only if it is one of Stripe's own.
 */
import { Data, Effect, Layer, Option, Redacted, Stream } from "effect"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"
import * as http from "node:http"
import * as https from "node:https"
import { addAbortSignal, type Readable } from "node:stream"
import { Stripe } from "stripe"
import * as Port from "./provider.ts"

export interface StripeSettings extends Port.ProviderPatience {
  /** Scheme, host and perhaps port: `https://api.stripe.com`. */
  readonly api_base: string
  readonly secret_key: Redacted.Redacted
}

export const stripePatience: Port.ProviderPatience = {
  timeout_millis: 10_000,
  concurrency: 64,
  breaker_failure_share: 0.5,
  breaker_window_calls: 40,
  breaker_open_millis: 2_000
}

/** Shorter than any server keeps an idle connection, so that no request is sent into one that is just being closed. */
const IDLE_SOCKET_MILLIS = 4_000
const PAGE_LIMIT = 100

/** A definite no in Stripe's words: a declined card, or a request refused for the payment's state or the parameters. */
class Refusal extends Data.TaggedError("Refusal")<{ readonly error: Stripe.errors.StripeError }> {}

const unknown = (operation: Port.ProviderOperation, reason: Port.UnknownReason, detail: string) =>
  new Port.ProviderUnknown({ operation, reason, detail })

/**
 * What a rejection of the client says. Only two kinds are definite: a `card_error`, and an `invalid_request_error`
 * about what we asked. Everything else leaves the effect open: an id that Stripe gave us and no longer knows (404) is
 * the wrong account rather than an answer, and a key used for other parameters hides what the first request did.
 */
const heard = (operation: Port.ProviderOperation, error: unknown): Refusal | Port.ProviderUnknown => {
  if (!(error instanceof Stripe.errors.StripeError)) return unknown(operation, "unreadable", String(error))
  const { code, detail, headers, message, rawType, statusCode: status } = error
  if (status === 402 && rawType === "card_error") return new Refusal({ error })
  const aboutUs = status === 400 || (status === 404 && operation === "retrieve")
  if (aboutUs && rawType === "invalid_request_error" && code !== "rate_limit") return new Refusal({ error })
  if (error instanceof Stripe.errors.StripeConnectionError) {
    const slow = typeof detail === "object" && "code" in detail && detail.code === "ETIMEDOUT"
    return unknown(operation, slow ? "timed_out" : "connection", detail instanceof Error ? detail.message : message)
  }
  if (status === undefined) return unknown(operation, "unreadable", message)
  const told = `${status} ${code ?? rawType ?? ""} ${message}`
  if (status === 409 || code === "lock_timeout") return unknown(operation, "in_flight", told)
  if (error instanceof Stripe.errors.StripeRateLimitError) return unknown(operation, "rate_limited", told)
  if (status < 500) return unknown(operation, "not_understood", told)
  return unknown(operation, headers?.["idempotent-replayed"] === "true" ? "key_spent" : "server_error", told)
}

/**
 * Stripe's HTTP client without three habits. It sends a request again after a reset, even when told never to retry, on
 * seeing the error's code: so the code is taken off. It waits for a body as long as one trickles in. And a 2xx whose
 * body is JSON but no object makes it throw where nobody catches, which would end the process.
 */
const makeHttpClient = (agent: http.Agent): Stripe.HttpClient => {
  const client = Stripe.createNodeHttpClient(agent)
  return {
    getClientName: () => client.getClientName(),
    makeRequest: async (...request) => {
      const response = await client.makeRequest(...request).catch((cause: NodeJS.ErrnoException) => {
        throw cause.code === "ETIMEDOUT" ? cause : new Error(cause.code ?? cause.message, { cause })
      })
      addAbortSignal(AbortSignal.timeout(request[7]), response.getRawResponse() as Readable)
      const readJson = response.toJSON.bind(response)
      response.toJSON = async () => {
        const body: unknown = await readJson()
        if (typeof body !== "object" || body === null) throw new Error("the answer is not an object")
        return body
      }
      return response
    }
  }
}

const makeClient = Effect.fnUntraced(function*({ api_base, concurrency, secret_key, timeout_millis }: StripeSettings) {
  const base = new URL(api_base)
  const secure = base.protocol === "https:"
  const sockets = { keepAlive: true, maxSockets: concurrency, timeout: IDLE_SOCKET_MILLIS }
  const agent = yield* Effect.acquireRelease(
    Effect.sync(() => secure ? new https.Agent(sockets) : new http.Agent(sockets)),
    (open) => Effect.sync(() => open.destroy())
  )
  return new Stripe(Redacted.value(secret_key), {
    protocol: secure ? "https" : "http",
    host: base.hostname,
    port: base.port === "" ? (secure ? 443 : 80) : Number(base.port),
    httpClient: makeHttpClient(agent),
    maxNetworkRetries: 0,
    timeout: timeout_millis,
    telemetry: false
  })
})

/** Stripe takes a single-use card token in one field and a stored payment method in another. */
const cardOf = (token: string) =>
  token.startsWith("tok_") ? { payment_method_data: { type: "card", card: { token } } } : { payment_method: token }

const isExpiry = (word: string | null | undefined) =>
  ["automatic", "expired", "charge_expired_for_capture", "capture_charge_authorization_expired"].includes(word ?? "")

const statuses: { readonly [status: string]: Port.ProviderPayment["status"] } = {
  requires_capture: "held",
  requires_payment_method: "declined",
  succeeded: "captured",
  canceled: "canceled"
}

const paymentOf = ({ latest_charge: charge, ...intent }: Stripe.PaymentIntent): Port.ProviderPayment => ({
  provider_id: intent.id,
  reference: intent.metadata?.["reference"] ?? null,
  status: isExpiry(intent.cancellation_reason) ? "expired" : statuses[intent.status] ?? "unfinished",
  amount_cents: intent.amount,
  held_cents: intent.amount_capturable,
  captured_cents: intent.amount_received,
  refunded_cents: charge !== null && typeof charge === "object" ? charge.amount_refunded : 0,
  currency: intent.currency,
  created_at: new Date(intent.created * 1000)
})

const refused = (code: string | undefined) => ({ _tag: "Refused" as const, code: code ?? "invalid_request" })

const declined = ({ code, decline_code, message, payment_intent }: Stripe.errors.StripeError): Port.Authorization => ({
  _tag: "Declined",
  decline_code: decline_code || code || "invalid_request",
  message,
  ...(payment_intent === undefined ? {} : { provider_id: payment_intent.id })
})

/** Of the refusals of a capture only these are known to be final. Any other leaves the question open. */
const captureRefused = ({ code, decline_code, payment_intent, statusCode }: Stripe.errors.StripeError) => {
  if (code === "payment_intent_unexpected_state") return payment_intent && Port.captureIn(paymentOf(payment_intent))
  if (isExpiry(code)) return refused("expired")
  return statusCode === 402 || code === "amount_too_large" ? refused(decline_code || code) : undefined
}

/** A pending refund counts: Stripe has taken the money off our balance, and it is on its way. */
const refundIn = ({ amount, failure_reason, id, status }: Stripe.Refund): Port.Refund | undefined => {
  if (status === "succeeded" || status === "pending") return { _tag: "Refunded", refund_id: id, amount_cents: amount }
  return status === "failed" || status === "canceled" ? refused(failure_reason ?? status) : undefined
}

const authorized = ({ amount_capturable, id, status }: Stripe.PaymentIntent): Port.Authorization | undefined =>
  status === "requires_capture" ? { _tag: "Authorized", provider_id: id, amount_cents: amount_capturable } : undefined

const captured = ({ amount_received, status }: Stripe.PaymentIntent): Port.Capture | undefined =>
  status === "succeeded" ? { _tag: "Captured", amount_cents: amount_received } : undefined

const voided = ({ status }: Stripe.PaymentIntent): Port.Cancellation | undefined =>
  status === "canceled" ? { _tag: "Voided" } : undefined

const makeOperations = Effect.fnUntraced(function*(settings: StripeSettings) {
  const { paymentIntents, refunds } = yield* makeClient(settings)
  const guard = yield* Port.makeGuard(settings)

  /** One request. Believed if it is a 2xx with the kind of object asked for in which `read` finds a definite word. */
  const ask = <A extends { readonly object: string }, B>(
    operation: Port.ProviderOperation,
    expected: A["object"],
    run: () => Promise<Stripe.Response<A>>,
    read: (answer: A) => B | undefined,
    readNo: (error: Stripe.errors.StripeError) => B | undefined = () => undefined
  ): Effect.Effect<B, Port.ProviderUnknown> => {
    const definite = (word: B | undefined, detail: string) =>
      word === undefined ? Effect.fail(unknown(operation, "not_final", detail)) : Effect.succeed(word)
    const request = Effect.filterOrFail(
      Effect.tryPromise({ try: run, catch: (error) => heard(operation, error) }),
      (answer) => answer.object === expected && answer.lastResponse.statusCode < 300,
      () => unknown(operation, "unreadable", `the answer is no ${expected}`)
    )
    return guard(operation, request).pipe(
      Effect.matchEffect({
        onSuccess: (answer) => definite(read(answer), `an open ${expected}`),
        onFailure: (no) => no._tag === "Refusal" ? definite(readNo(no.error), no.error.message) : Effect.fail(no)
      }),
      Effect.withSpan(`PaymentProvider.${operation}`, { kind: "client" }, { captureStackTrace: false })
    )
  }

  return Port.PaymentProvider.of({
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
      const late = ({ payment_intent: now }: Stripe.errors.StripeError) => now && Port.cancellationIn(paymentOf(now))
      return ask("cancel", "payment_intent", post, voided, late)
    },
    refund: ({ amount_cents: amount, key, provider_id: payment_intent }) => {
      const post = () => refunds.create({ payment_intent, amount, metadata: { key } }, { idempotencyKey: key })
      const refund = ask("refund", "refund", post, refundIn, ({ code, decline_code }) => refused(decline_code || code))
      const list = () => refunds.list({ payment_intent, limit: PAGE_LIMIT })
      const isOurs = ({ metadata }: Stripe.Refund) => metadata?.["key"] === key
      const found = ask("refund", "list", list, ({ data }) => data.filter(isOurs).map(refundIn)[0])
      return Effect.catchIf(refund, Port.isSpent, () => found)
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
    list: ({ created_after }) => {
      const created = { gte: Math.floor((created_after?.getTime() ?? 0) / 1000) }
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

/** The provider through Stripe. Closing the layer closes its connections. */
export const stripeProvider = (settings: StripeSettings): Layer.Layer<Port.PaymentProvider> =>
  Layer.effect(Port.PaymentProvider, Effect.map(makeOperations(settings), Port.askingBehindSpentKeys)).pipe(
    Layer.provide(CircuitBreaker.layerStoreMemory())
  )
