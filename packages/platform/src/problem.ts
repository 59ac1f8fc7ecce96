import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { STATUS_CODES } from "node:http"

export const PROBLEM_CONTENT_TYPE = "application/problem+json"

/** A problem that no contract declares: what the server itself refuses or cannot do. RFC 9457 plus a stable `error`. */
export interface ServerProblem {
  readonly status: number
  readonly error: string
  readonly detail: string
  readonly instance: string
  readonly extra?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

export const problemResponse = (problem: ServerProblem): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(
    JSON.stringify({
      type: `urn:surety:problem:${problem.error}`,
      status: problem.status,
      title: STATUS_CODES[problem.status] ?? "Error",
      error: problem.error,
      detail: problem.detail,
      instance: problem.instance,
      ...problem.extra
    }),
    { status: problem.status, contentType: PROBLEM_CONTENT_TYPE, headers: problem.headers ?? {} }
  )

/** A declared problem as its response, with `headers` such as `Retry-After` that a schema cannot carry. */
export const respondWithProblem = (
  status: number,
  body: object,
  headers: Readonly<Record<string, string>>
): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.succeed(
    HttpServerResponse.text(JSON.stringify(body), { status, contentType: PROBLEM_CONTENT_TYPE, headers })
  )
