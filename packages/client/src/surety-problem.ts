import { Data, Duration, Effect, Schedule, Schema } from "effect"
import { HttpClientError, ProblemDetails } from "effect/http"

/** However long a service says to wait, nobody waits longer than this for one attempt. */
const RETRY_AFTER_MAX = Duration.seconds(30)

/**
 * Every failure of the client. `error` is the service's stable word for it (`payment_declined`, `unknown_product`, …), and
 * `extra` what else it says (`decline_code`, `product_ids`, …). With `status` 0 it is the client's own: `invalid_request`,
 * `unreachable`, `unreadable_answer`, or `not_ended_yet`. A failed `placeOrder` has its `idempotency_key` in `extra`:
 * placing the same order with it again can never place two.
 */
export class SuretyProblem extends Data.TaggedError("SuretyProblem")<{
  readonly error: string
  readonly status: number
  readonly detail: string
  readonly retry_after?: Duration.Duration
  readonly extra: Readonly<Record<string, unknown>>
}> {
  override get message() {
    return `${this.error}: ${this.detail}`
  }
  with(extra: Readonly<Record<string, unknown>>): SuretyProblem {
    return new SuretyProblem({ ...this, extra: { ...this.extra, ...extra } })
  }
}

export const ownProblem = (error: string, detail: string) => new SuretyProblem({ error, detail, status: 0, extra: {} })

const retryAfterOf = (header: string | undefined) => {
  const seconds = Number(header ?? Number.NaN)
  return seconds >= 0 ? { retry_after: Duration.min(Duration.seconds(seconds), RETRY_AFTER_MAX) } : {}
}

/** What the service said, if it said a problem; a proxy's error page is told by its status alone. */
const saidBy = ({ reason: { response } }: { readonly reason: HttpClientError.StatusCodeError }) =>
  response.json.pipe(
    Effect.flatMap(Schema.decodeUnknownEffect(ProblemDetails.Schema)),
    Effect.orElseSucceed((): ProblemDetails.ProblemDetails => ({ type: ProblemDetails.blankType })),
    Effect.map(({ detail, error, instance: _i, status: _s, title, type: _t, ...extra }) =>
      new SuretyProblem({
        error: typeof error === "string" ? error : `http_${response.status}`,
        detail: detail ?? title ?? `the service answered ${response.status}`,
        status: response.status,
        ...retryAfterOf(response.headers["retry-after"]),
        extra
      })
    )
  )

/** What a failed call comes down to for its caller. */
export const problemOf = (failure: unknown): Effect.Effect<SuretyProblem> => {
  if (failure instanceof SuretyProblem) return Effect.succeed(failure)
  if (!HttpClientError.isHttpClientError(failure)) {
    return Effect.succeed(ownProblem("unreadable_answer", String(failure)))
  }
  const { reason } = failure
  if (reason._tag === "StatusCodeError") return saidBy({ reason })
  const error = reason._tag === "TransportError" ? "unreachable" : "unreadable_answer"
  return Effect.succeed(ownProblem(error, failure.message))
}

/** No answer, an unreadable one, or one that says to try again: nothing definite, so that the same may be asked again. */
export const isIndefinite = (problem: SuretyProblem) =>
  problem.status === 0 || problem.status === 408 || problem.status === 429 || problem.status >= 500 ||
  (problem.status === 409 && problem.retry_after !== undefined)

/** Longer from time to time, and never shorter than the service asks for. */
export const patience = Schedule.exponential("200 millis").pipe(
  Schedule.jittered,
  Schedule.setInputType<SuretyProblem>(),
  Schedule.modifyDelay(({ duration, input }) =>
    Effect.succeed(Duration.max(duration, input.retry_after ?? Duration.zero))
  )
)
