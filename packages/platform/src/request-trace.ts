import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import { randomBytes } from "node:crypto"
import { currentTraceId, traceIdIn } from "./telemetry/trace-context.ts"

/** The trace id of a request: of its span if there is one, else of the caller's `traceparent`, else a new one. */
export const traceIdOf = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<string> =>
  Effect.map(
    currentTraceId,
    (traceId) => traceId ?? traceIdIn(request.headers["traceparent"]) ?? randomBytes(16).toString("hex")
  )
