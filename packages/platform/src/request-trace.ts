import { Effect, Option } from "effect"
import type { HttpServerRequest } from "effect/http"
import { randomBytes } from "node:crypto"

/** The trace id of a request: of its span if there is one, else of the caller's `traceparent`, else a new one. */
export const traceIdOf = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<string> =>
  Effect.map(
    Effect.option(Effect.currentSpan),
    Option.match({
      onSome: (span) => span.traceId,
      onNone: () => {
        const given = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(request.headers["traceparent"] ?? "")
        return given?.[1] ?? randomBytes(16).toString("hex")
      }
    })
  )
