import { ByteSize, Cause, Effect, SchemaIssue } from "effect"
import { HttpIncomingMessage, HttpRouter, HttpServerError, HttpServerRequest, HttpServerResponse } from "effect/http"
import { type HttpApi, HttpApiMiddleware } from "effect/http-api"
import { isDatabaseAway, isDatabaseBusy } from "./database.ts"
import { completeProblem, problemResponse, type ServerProblem } from "./problem.ts"
import { bodyLimitOf, bodyTooLarge, methodsByPath, pathOf, refuseEarly } from "./request-limits.ts"
import { traceIdOf } from "./request-trace.ts"

const RETRY_AFTER_SECONDS = 2
/**
 * Longer than anything here takes, statements and calls having limits of their own; a database that neither answers nor
 * hangs up would otherwise hold a request for ever.
 */
const ANSWER_TIMEOUT = "30 seconds"
/** More issues than this in one request help nobody. */
const ISSUES_MAX = 20
const DETAIL_MAX_LENGTH = 1000

const sendAgain = (error: string, detail: string): ServerProblem => ({
  status: 503,
  error,
  detail: `${detail}; send the same request again`,
  extra: { retry_after_seconds: RETRY_AFTER_SECONDS }
})

const tooSlow = sendAgain("timed_out", "this took too long and was given up; nothing is known of its outcome")

const wrongMethod = (methods: ReadonlyArray<string>): ServerProblem => ({
  status: 405,
  error: "method_not_allowed",
  detail: `this path takes ${methods.join(", ")}`,
  headers: { allow: methods.join(", ") }
})

/** What escaped the contracts: no route, a torn body, a database that is away, a bug. */
const problemFor = Effect.fnUntraced(
  function*(cause: Cause.Cause<unknown>, path: string, otherMethods: ReadonlyArray<string>) {
    const errors = cause.reasons.map((reason) =>
      reason._tag === "Die" ? reason.defect : reason._tag === "Fail" ? reason.error : undefined
    )
    if (errors.some(isDatabaseAway)) {
      yield* Effect.logWarning("database away", cause)
      return sendAgain("database_unavailable", "the database does not answer")
    }
    if (errors.some(isDatabaseBusy)) {
      yield* Effect.logWarning("database busy", cause)
      return sendAgain("database_busy", "the database was too busy to finish this")
    }
    const [{ status }] = yield* HttpServerError.causeResponse(cause)
    if (status === 413) return bodyTooLarge(path)
    if (status === 404 && otherMethods.length > 0) return wrongMethod(otherMethods)
    if (status === 404) return { status, error: "not_found", detail: "there is nothing at this path" }
    if (status < 500) return { status, error: "bad_request", detail: "the request could not be read" }
    yield* Effect.logError("unhandled", cause)
    return { status: 500, error: "internal_error", detail: "our fault, and logged under the id in x-trace-id" }
  }
)

/** The one place where whatever escapes the contracts becomes a problem, and every response gets its trace id. */
export const problemBoundary = (api: HttpApi.Constraint) => {
  const methodsAt = methodsByPath(api)
  return HttpRouter.middleware(
    (next) =>
      Effect.gen(function*() {
        const request = yield* HttpServerRequest.HttpServerRequest
        const path = pathOf(request)
        const traceId = yield* traceIdOf(request)
        const methods = methodsAt(path)
        const refused = methods.includes(request.method) ? refuseEarly(request) : undefined
        const response = refused !== undefined ? problemResponse(refused) : yield* next.pipe(
          Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(bodyLimitOf(path))),
          Effect.timeoutOrElse({ duration: ANSWER_TIMEOUT, orElse: () => Effect.succeed(problemResponse(tooSlow)) }),
          Effect.catchCauseIf(
            (cause) => !Cause.hasInterruptsOnly(cause),
            (cause) =>
              problemFor(cause, path, methods.includes(request.method) ? [] : methods).pipe(
                Effect.annotateLogs({ trace_id: traceId, path }),
                Effect.map(problemResponse)
              )
          )
        )
        return HttpServerResponse.setHeader(completeProblem(response, path), "x-trace-id", traceId)
      }),
    { global: true }
  )
}

const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()
const keyOf = (segment: PropertyKey | { readonly key: PropertyKey }) =>
  typeof segment === "object" ? String(segment.key) : String(segment)

const keyProblem = (missing: boolean, message: string): ServerProblem => ({
  status: 400,
  error: missing ? "idempotency_key_missing" : "idempotency_key_invalid",
  detail: missing ? "send an Idempotency-Key header, unique a request" : `Idempotency-Key ${message}`
})

/** A request that does not decode is a 400 that names every issue; the idempotency key, being so common, by name. */
export const requestProblems = HttpApiMiddleware.layerSchemaErrorTransform(
  HttpApiMiddleware.ProblemDetails,
  (failure) =>
    Effect.gen(function*() {
      const request = yield* HttpServerRequest.HttpServerRequest
      if (failure.kind === "Body" || failure.kind === "ResponseHeaders") return yield* Effect.die(failure.cause)
      const errors = formatIssues(failure.cause.issue).issues.slice(0, ISSUES_MAX).map((issue) => ({
        path: [failure.kind.toLowerCase(), ...(issue.path ?? []).map(keyOf)],
        message: issue.message
      }))
      const aboutKey = errors.find((error) => error.path[0] === "headers" && error.path[1] === "idempotency-key")
      if (aboutKey !== undefined) {
        return problemResponse(keyProblem(request.headers["idempotency-key"] === undefined, aboutKey.message))
      }
      const detail = errors.map((error) => `${error.path.join(".")}: ${error.message}`).join("; ")
      return problemResponse({
        status: 400,
        error: "invalid_request",
        detail: detail.slice(0, DETAIL_MAX_LENGTH),
        extra: { errors }
      })
    })
)
