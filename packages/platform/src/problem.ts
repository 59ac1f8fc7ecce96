import { HttpBody, HttpServerResponse } from "effect/http"
import { STATUS_CODES } from "node:http"

export const PROBLEM_CONTENT_TYPE = "application/problem+json"

/** A problem that no contract declares: what the server itself refuses or cannot do. RFC 9457 plus a stable `error`. */
export interface ServerProblem {
  readonly status: number
  readonly error: string
  readonly detail: string
  readonly extra?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

export const problemResponse = (problem: ServerProblem): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(
    JSON.stringify({
      type: `urn:surety:problem:${problem.error}`,
      title: STATUS_CODES[problem.status] ?? "Error",
      status: problem.status,
      detail: problem.detail,
      error: problem.error,
      ...problem.extra
    }),
    { status: problem.status, contentType: PROBLEM_CONTENT_TYPE, headers: problem.headers ?? {} }
  )

/**
 * What every problem gets on its way out, wherever it was made: the path it happened at as `instance`, a `detail` if it
 * has none, and `Retry-After` if it carries `retry_after_seconds`. Other responses pass untouched.
 */
export const completeProblem = (
  response: HttpServerResponse.HttpServerResponse,
  path: string
): HttpServerResponse.HttpServerResponse => {
  const { body } = response
  if (body._tag !== "Uint8Array" || body.contentType !== PROBLEM_CONTENT_TYPE || body.text === undefined) {
    return response
  }
  const { detail, error, instance, status, title, type, ...rest } = JSON.parse(body.text)
  const completed = { type, title, status, detail: detail ?? title, instance: instance ?? path, error, ...rest }
  const answer = HttpServerResponse.setBody(response, HttpBody.text(JSON.stringify(completed), PROBLEM_CONTENT_TYPE))
  const seconds: unknown = rest.retry_after_seconds
  return typeof seconds === "number" ? HttpServerResponse.setHeader(answer, "retry-after", String(seconds)) : answer
}
