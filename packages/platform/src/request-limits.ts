import { HttpMethod, type HttpServerRequest } from "effect/http"
import { HttpApi } from "effect/http-api"
import type { ServerProblem } from "./problem.ts"

/** The most a request body may have; set calls between services carry up to 64 orders and get more. */
export const BODY_LIMIT_BYTES = 64 * 1024
export const SET_BODY_LIMIT_BYTES = 1024 * 1024

/** The path of a request without its query. */
export const pathOf = (request: HttpServerRequest.HttpServerRequest): string => request.url.split("?", 1)[0]!

/** How many bytes a body at this path may have. */
export const bodyLimitOf = (path: string): number => path.endsWith("/batch") ? SET_BODY_LIMIT_BYTES : BODY_LIMIT_BYTES

/** 413, and the connection is given up: the rest of the body is still on its way. */
export const bodyTooLarge = (path: string): ServerProblem => ({
  status: 413,
  error: "body_too_large",
  detail: `the body may have ${bodyLimitOf(path)} bytes at most`,
  headers: { connection: "close" }
})

/** What the server itself has beside its API. */
const ownPaths = /^\/(health|health\/live|health\/ready|openapi\.json|docs)\/?$/

/** Which methods there are at a path, so that a wrong method is 405 with `Allow` and not 404. */
export const methodsByPath = (api: HttpApi.Constraint): (path: string) => ReadonlyArray<string> => {
  const routes = [{ method: "GET", matches: ownPaths }]
  HttpApi.reflect(api as HttpApi.Top, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => {
      routes.push({ method: endpoint.method, matches: new RegExp(`^${endpoint.path.replace(/:[^/]+/g, "[^/]+")}/?$`) })
    }
  })
  return (path) => {
    const methods = routes.filter((route) => route.matches.test(path)).map((route) => route.method)
    return methods.includes("GET") ? [...methods, "HEAD"] : methods
  }
}

/** What can be told from the headers alone is refused before anything is read. */
export const refuseEarly = (request: HttpServerRequest.HttpServerRequest): ServerProblem | undefined => {
  const { "content-length": length, "content-type": contentType, "transfer-encoding": coding } = request.headers
  const path = pathOf(request)
  if (Number(length ?? 0) > bodyLimitOf(path)) return bodyTooLarge(path)
  const hasBody = coding !== undefined || (length !== undefined && length !== "0")
  if (HttpMethod.hasBody(request.method) && hasBody && !/^application\/json\s*(;|$)/i.test(contentType ?? "")) {
    const detail = contentType === undefined ? "the body has no content-type" : `${contentType} is not taken`
    return { status: 415, error: "unsupported_media_type", detail: `${detail}; send application/json` }
  }
  return undefined
}
