import { Cause, Effect, Exit, Option, Semaphore } from "effect"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"
import { type ProviderOperation, ProviderUnknown, type UnknownReason } from "./provider-words.ts"

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

/** Lets a request out to the provider, or says why nothing is known. */
export type Guard = Effect.Success<ReturnType<typeof makeGuard>>

const isRejection = (error: unknown): error is CircuitBreaker.CircuitBreakerError =>
  error instanceof CircuitBreaker.CircuitBreakerError
