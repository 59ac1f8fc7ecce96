import { annotateSpan } from "@surety/platform/telemetry/trace-context"
import { Data, Effect } from "effect"
import { Stripe } from "stripe"
import type { Guard } from "./guard-provider.ts"
import { type ProviderOperation, ProviderUnknown, type UnknownReason } from "./provider-words.ts"

/** A definite no in Stripe's words: a declined card, or a request refused for the payment's state or the parameters. */
class Refusal extends Data.TaggedError("Refusal")<{ readonly error: Stripe.errors.StripeError }> {}

const unknown = (operation: ProviderOperation, reason: UnknownReason, detail: string) =>
  new ProviderUnknown({ operation, reason, detail })

/**
 * What a rejection of the client says. Only two kinds are definite: a `card_error`, and an `invalid_request_error`
 * about what we asked. Everything else leaves the effect open: an id that Stripe gave us and no longer knows (404) is
 * the wrong account rather than an answer, and a key used for other parameters hides what the first request did.
 */
const heard = (operation: ProviderOperation, error: unknown): Refusal | ProviderUnknown => {
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

/** One request. Believed if it is a 2xx with the kind of object asked for in which `read` finds a definite word. */
export const askStripe = (guard: Guard) =>
<A extends { readonly object: string }, B>(
  operation: ProviderOperation,
  expected: A["object"],
  run: () => Promise<Stripe.Response<A>>,
  read: (answer: A) => B | undefined,
  readNo: (error: Stripe.errors.StripeError) => B | undefined = () => undefined
): Effect.Effect<B, ProviderUnknown> => {
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
    Effect.tapError(({ reason }) => annotateSpan({ "error.type": reason })),
    Effect.withSpan(`PaymentProvider.${operation}`, { kind: "client" }, { captureStackTrace: false })
  )
}
