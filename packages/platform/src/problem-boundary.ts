import { ByteSize, Cause, Effect, SchemaIssue } from "effect"
import {
  HttpIncomingMessage,
  HttpMethod,
  HttpRouter,
  HttpServerError,
  HttpServerRequest,
  HttpServerResponse
} from "effect/http"
import { HttpApi, HttpApiMiddleware } from "effect/http-api"
import { isDatabaseAway } from "./database.ts"
import { problemResponse, type ServerProblem } from "./problem.ts"
import { traceIdOf } from "./request-trace.ts"

/** The most a request body may have; set calls between services carry up to 64 orders and get more. */
export const BODY_LIMIT_BYTES = 64 * 1024
export const SET_BODY_LIMIT_BYTES = 1024 * 1024
const RETRY_AFTER_SECONDS = "2"

const pathOf = (request: HttpServerRequest.HttpServerRequest) => request.url.split("?", 1)[0]!
const bodyLimitOf = (path: string) => path.endsWith("/batch") ? SET_BODY_LIMIT_BYTES : BODY_LIMIT_BYTES

/** Which methods an API has at a path, so that a wrong method is 405 with `Allow` and not 404. */
const methodsByPath = (api: HttpApi.Constraint) => {
  const routes: Array<{ readonly method: string; readonly matches: RegExp }> = []
  HttpApi.reflect(api as HttpApi.Top, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => {
      routes.push({ method: endpoint.method, matches: new RegExp(`^${endpoint.path.replace(/:[^/]+/g, "[^/]+")}/?$`) })
    }
  })
  return (path: string) => routes.filter((route) => route.matches.test(path)).map((route) => route.method)
}

/** What can be told from the headers alone is refused before anything is read. */
const refuseEarly = (request: HttpServerRequest.HttpServerRequest): ServerProblem | undefined => {
  const instance = pathOf(request)
  const limit = bodyLimitOf(instance)
  if (Number(request.headers["content-length"] ?? 0) > limit) return tooLarge(instance)
  const contentType = request.headers["content-type"]
  const hasBody = request.headers["content-length"] !== "0" &&
    (request.headers["content-length"] !== undefined || request.headers["transfer-encoding"] !== undefined)
  if (HttpMethod.hasBody(request.method) && hasBody && !/^application\/json\s*(;|$)/i.test(contentType ?? "")) {
    const detail = contentType === undefined
      ? "the body has no content-type"
      : `content-type ${contentType} is not taken`
    return { status: 415, error: "unsupported_media_type", detail: `${detail}; send application/json`, instance }
  }
  return undefined
}

const tooLarge = (instance: string): ServerProblem => ({
  status: 413,
  error: "body_too_large",
  detail: `the body may have ${bodyLimitOf(instance)} bytes at most`,
  instance,
  headers: { connection: "close" }
})

/** What escaped the contracts: no route, a torn body, a database that is away, a bug. */
const problemFor = Effect.fnUntraced(
  function*(cause: Cause.Cause<unknown>, instance: string, methods: ReadonlyArray<string>) {
    const defects = cause.reasons.map((reason) =>
      reason._tag === "Die" ? reason.defect : reason._tag === "Fail" ? reason.error : undefined
    )
    if (defects.some(isDatabaseAway)) {
      yield* Effect.logWarning("database away", cause)
      const detail = "the database does not answer; nothing is known to be lost, send the same request again"
      return {
        status: 503,
        error: "database_unavailable",
        detail,
        instance,
        headers: { "retry-after": RETRY_AFTER_SECONDS }
      }
    }
    if (defects.some(isBodyTooLarge)) return tooLarge(instance)
    const [{ status }] = yield* HttpServerError.causeResponse(cause)
    if (status === 404 && methods.length > 0) {
      const allow = methods.join(", ")
      return {
        status: 405,
        error: "method_not_allowed",
        detail: `this path takes ${allow}`,
        instance,
        headers: { allow }
      }
    }
    if (status === 404) return { status, error: "not_found", detail: "there is nothing at this path", instance }
    if (status < 500) return { status, error: "bad_request", detail: "the request could not be read", instance }
    yield* Effect.logError("unhandled", cause)
    return {
      status: 500,
      error: "internal_error",
      detail: "this is our fault; it has been logged with the trace id",
      instance
    }
  }
)

const isBodyTooLarge = (defect: unknown): boolean =>
  defect instanceof Error && /maxbytes|MaxBodySize|too large/i.test(`${defect.message} ${String(defect.cause)}`)

/** The one place where whatever escapes the contracts becomes a problem, and every response gets its trace id. */
export const problemBoundary = (api: HttpApi.Constraint) => {
  const methodsAt = methodsByPath(api)
  return HttpRouter.middleware(
    (next) =>
      Effect.gen(function*() {
        const request = yield* HttpServerRequest.HttpServerRequest
        const path = pathOf(request)
        const traceId = yield* traceIdOf(request)
        const early = refuseEarly(request)
        const response = early !== undefined ? problemResponse(early) : yield* next.pipe(
          Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(bodyLimitOf(path))),
          Effect.catchCause((cause) =>
            Cause.hasInterruptsOnly(cause)
              ? Effect.failCause(cause)
              : Effect.map(
                problemFor(cause, path, methodsAt(path)),
                (problem: ServerProblem) => problemResponse({ ...problem, extra: { trace_id: traceId } })
              )
          )
        )
        return HttpServerResponse.setHeader(response, "x-trace-id", traceId)
      }),
    { global: true }
  )
}

const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()
const keyOf = (segment: PropertyKey | { readonly key: PropertyKey }) =>
  typeof segment === "object" ? String(segment.key) : String(segment)

/** A request that does not decode is a 400 that names every issue; the idempotency key, being so common, by name. */
export const requestProblems = HttpApiMiddleware.layerSchemaErrorTransform(
  HttpApiMiddleware.ProblemDetails,
  (failure) =>
    Effect.gen(function*() {
      const request = yield* HttpServerRequest.HttpServerRequest
      const instance = pathOf(request)
      if (failure.kind === "Body" || failure.kind === "ResponseHeaders") return yield* Effect.die(failure.cause)
      const errors = formatIssues(failure.cause.issue).issues.slice(0, 20).map((issue) => ({
        path: [failure.kind.toLowerCase(), ...(issue.path ?? []).map(keyOf)],
        message: issue.message
      }))
      const aboutKey = errors.find((error) => error.path[0] === "headers" && error.path[1] === "idempotency-key")
      if (aboutKey !== undefined) {
        const missing = request.headers["idempotency-key"] === undefined
        return problemResponse({
          status: 400,
          error: missing ? "idempotency_key_missing" : "idempotency_key_invalid",
          detail: missing ? "send an Idempotency-Key header, unique a request" : `Idempotency-Key ${aboutKey.message}`,
          instance
        })
      }
      return problemResponse({
        status: 400,
        error: "invalid_request",
        detail: errors.map((error) => `${error.path.join(".")}: ${error.message}`).join("; ").slice(0, 1000),
        instance,
        extra: { errors }
      })
    })
)
