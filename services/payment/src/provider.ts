/**
 * The port to the payment provider.
 *
 * Every operation answers one of a few definite words, or fails with `ProviderUnknown`, which says nothing about the
 * effect: money may or may not have moved. Whoever gets it asks again with the same key until the answer is definite.
 * Amounts are minor units. Keys derive from the ledger id and the operation, and mean one request for ever.
 */
import { Cause, Context, Effect, Exit, Option, Schema, Semaphore, type Stream } from "effect"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"

/** Why nothing is known. `key_spent`: the provider stored a failure under this key and will repeat it to this key. */
export const UnknownReason = Schema.Literals([
  "timed_out",
  "connection",
  "server_error",
  "rate_limited",
  "unreadable",
  "in_flight",
  "key_spent",
  "not_final",
  "not_understood",
  "breaker_open"
])
export type UnknownReason = typeof UnknownReason.Type

export const ProviderOperation = Schema.Literals([
  "authorize",
  "capture",
  "cancel",
  "refund",
  "retrieve",
  "find",
  "list"
])
export type ProviderOperation = typeof ProviderOperation.Type

/** Nothing is known about the effect. Not a failure of the payment: the question is open and must be asked again. */
export class ProviderUnknown extends Schema.TaggedError<ProviderUnknown>()("ProviderUnknown", {
  operation: ProviderOperation,
  reason: UnknownReason,
  detail: Schema.String
}) {
  override get message(): string {
    return `${this.operation}: ${this.reason}: ${this.detail}`
  }
}

/** The money is held; or the bank said no and nothing is held. */
export type Authorization =
  | { readonly _tag: "Authorized"; readonly provider_id: string; readonly amount_cents: number }
  | {
    readonly _tag: "Declined"
    readonly decline_code: string
    readonly message: string
    /** The declined payment at the provider, if it made one. It holds nothing. */
    readonly provider_id?: string
  }

/**
 * `Refused` is definite: this authorization will not be captured. Codes are `expired`, `canceled`, `not_authorized` or
 * the provider's own (`do_not_honor`, `amount_too_large`, …). The hold may still stand, so cancel afterwards.
 */
export type Capture =
  | { readonly _tag: "Captured"; readonly amount_cents: number }
  | { readonly _tag: "AlreadyCaptured"; readonly amount_cents: number }
  | { readonly _tag: "Refused"; readonly code: string }

/** After `Voided` and `AlreadyVoided` nothing is held; `AlreadyCaptured` came too late and needs a refund. */
export type Cancellation =
  | { readonly _tag: "Voided" }
  | { readonly _tag: "AlreadyVoided" }
  | { readonly _tag: "AlreadyCaptured"; readonly amount_cents: number }

/** `charge_already_refunded` is refused too: the money is back, but by another refund than the one asked for. */
export type Refund =
  | { readonly _tag: "Refunded"; readonly refund_id: string; readonly amount_cents: number }
  | { readonly _tag: "Refused"; readonly code: string }

/** One payment as the provider sees it. */
export interface ProviderPayment {
  readonly provider_id: string
  /** Our reference, if the payment is one of ours. */
  readonly reference: string | null
  /** `unfinished` is neither here nor there yet; `canceled`, `expired` and `declined` hold nothing. */
  readonly status: "held" | "captured" | "canceled" | "expired" | "declined" | "unfinished"
  readonly amount_cents: number
  readonly held_cents: number
  readonly captured_cents: number
  readonly refunded_cents: number
  /** ISO 4217 in lower case. */
  readonly currency: string
  readonly created_at: Date
}

export class PaymentProvider extends Context.Service<PaymentProvider, {
  /** Holds the money. `reference` is stored with the payment; `token` names the card. */
  readonly authorize: (request: {
    readonly reference: string
    readonly amount_cents: number
    readonly currency: string
    readonly token: string
    readonly key: string
  }) => Effect.Effect<Authorization, ProviderUnknown>

  /** Takes the held money, or less of it and lets the rest go. */
  readonly capture: (request: {
    readonly provider_id: string
    readonly amount_cents: number
    readonly key: string
  }) => Effect.Effect<Capture, ProviderUnknown>

  /** Lets the hold go. */
  readonly cancel: (request: {
    readonly provider_id: string
    readonly key: string
  }) => Effect.Effect<Cancellation, ProviderUnknown>

  /** Gives captured money back. */
  readonly refund: (request: {
    readonly provider_id: string
    readonly amount_cents: number
    readonly key: string
  }) => Effect.Effect<Refund, ProviderUnknown>

  /** One payment by the provider's id, as it stands now. */
  readonly retrieve: (request: {
    readonly provider_id: string
  }) => Effect.Effect<Option.Option<ProviderPayment>, ProviderUnknown>

  /**
   * Payments with our reference. The provider's index may be behind (Stripe: a minute, at worst an hour), so what is
   * found is certain and what is not found is not. To be certain of an authorization, repeat it with its key.
   */
  readonly find: (request: {
    readonly reference: string
  }) => Effect.Effect<ReadonlyArray<ProviderPayment>, ProviderUnknown>

  /** All payments created since then (to the second), newest first; those created meanwhile may be missing. */
  readonly list: (request: {
    readonly created_after?: Date
  }) => Stream.Stream<ProviderPayment, ProviderUnknown>
}>()("surety/payment/PaymentProvider") {}

/** What a payment's own state answers to a capture; nothing, as long as the capture may still succeed. */
export const captureIn = ({ captured_cents, status }: ProviderPayment): Capture | undefined => {
  if (status === "captured") return { _tag: "AlreadyCaptured", amount_cents: captured_cents }
  if (status === "held" || status === "unfinished") return undefined
  return { _tag: "Refused", code: status === "declined" ? "not_authorized" : status }
}

/** What a payment's own state answers to a cancellation; nothing, as long as it may still be canceled. */
export const cancellationIn = ({ captured_cents, status }: ProviderPayment): Cancellation | undefined => {
  if (status === "captured") return { _tag: "AlreadyCaptured", amount_cents: captured_cents }
  return status === "canceled" || status === "expired" ? { _tag: "AlreadyVoided" } : undefined
}

type Operations = PaymentProvider["Service"]

/**
 * A spent key never tells what its request did, so something else is asked. Capture and cancel: the payment; and if it
 * still stands, the request goes out once more under a second key, for its state lets either happen only once.
 * Authorize: the search by reference, which can only say yes. Nothing else is ever sent under another key, so a refund
 * (which its adapter looks for by what it left in it) and an authorization may stay unknown until somebody looks.
 */
export const askingBehindSpentKeys = (provider: Operations): Operations => {
  const settled = <R extends { readonly provider_id: string; readonly key: string }, A>(
    operation: (request: R) => Effect.Effect<A, ProviderUnknown>,
    answerIn: (payment: ProviderPayment) => A | undefined
  ) =>
  (request: R): Effect.Effect<A, ProviderUnknown> =>
    Effect.catchIf(operation(request), isSpent, (spent) =>
      Effect.flatMap(provider.retrieve(request), (found) => {
        if (Option.isNone(found)) return Effect.fail(spent)
        const answer = answerIn(found.value)
        return answer === undefined ? operation({ ...request, key: `${request.key}:again` }) : Effect.succeed(answer)
      }))
  return {
    ...provider,
    authorize: (request) =>
      Effect.catchIf(
        provider.authorize(request),
        isSpent,
        (spent) =>
          Effect.flatMap(provider.find(request), (found): Effect.Effect<Authorization, ProviderUnknown> => {
            const held = found.find(({ status }) => status === "held")
            if (held === undefined) return Effect.fail(spent)
            return Effect.succeed({ _tag: "Authorized", provider_id: held.provider_id, amount_cents: held.held_cents })
          })
      ),
    capture: settled(provider.capture, captureIn),
    cancel: settled(provider.cancel, cancellationIn)
  }
}

export const isSpent = (error: ProviderUnknown) => error.reason === "key_spent"

/** How long and how often we bother a provider, whichever it is. */
export interface ProviderPatience {
  /** For one request, from its turn to the last byte of the answer. */
  readonly timeout_millis: number
  /** Requests under way at once. Others wait their turn. */
  readonly concurrency: number
  /** The breaker opens when this share of the last `breaker_window_calls` calls went unanswered … */
  readonly breaker_failure_share: number
  readonly breaker_window_calls: number
  /** … and then spares the provider this long before it lets one call try. */
  readonly breaker_open_millis: number
}

const unanswered: ReadonlySet<string> = new Set(
  ["timed_out", "connection", "server_error", "rate_limited", "unreadable"] satisfies ReadonlyArray<UnknownReason>
)

/** The breaker asks only whether the provider answers. A decline is an answer; a key in flight is nobody's fault. */
const healthOf = (exit: Exit.Exit<unknown, unknown>): CircuitBreaker.Outcome => {
  if (Exit.isSuccess(exit)) return CircuitBreaker.success
  const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
  if (error === undefined) return CircuitBreaker.failure()
  if (!(error instanceof ProviderUnknown)) return CircuitBreaker.success
  return unanswered.has(error.reason) ? CircuitBreaker.failure() : CircuitBreaker.ignored
}

/** A guard for an adapter's requests: a turn for each, a time limit, and a breaker that is shared by all operations. */
export const makeGuard = Effect.fnUntraced(function*(patience: ProviderPatience) {
  const turns = yield* Semaphore.make(patience.concurrency)
  const breaker = yield* CircuitBreaker.make({
    tripPolicy: CircuitBreaker.rate({
      threshold: patience.breaker_failure_share,
      size: patience.breaker_window_calls,
      minimumCalls: Math.ceil(patience.breaker_window_calls / 2)
    }),
    openDuration: patience.breaker_open_millis
  })
  return <A, E>(operation: ProviderOperation, request: Effect.Effect<A, E>): Effect.Effect<A, E | ProviderUnknown> => {
    const unknown = (reason: UnknownReason, detail: string) =>
      Effect.fail(new ProviderUnknown({ operation, reason, detail }))
    const limited: Effect.Effect<A, E | ProviderUnknown> = Effect.timeoutOrElse(request, {
      duration: patience.timeout_millis,
      orElse: () => unknown("timed_out", `no answer in ${patience.timeout_millis} ms`)
    })
    return breaker.execute(limited, { key: "provider", classify: healthOf }).pipe(
      Effect.catchIf(isRejection, ({ message }) => unknown("breaker_open", message)),
      turns.withPermits(1)
    )
  }
})

const isRejection = (error: unknown): error is CircuitBreaker.CircuitBreakerError =>
  error instanceof CircuitBreaker.CircuitBreakerError
