import type { Context } from "effect"
import type { ExportedSpan } from "./exported-span.ts"
import { seriesOf } from "./metrics.ts"

const text = (value: unknown): string | undefined => value === undefined ? undefined : String(value)

/** Measures requests, calls and statements by their spans, also those spans that are not exported. */
export const spanMetrics =
  (context: Context.Context<never>) => ({ kind, values }: ExportedSpan, seconds: number): void => {
    const method = text(values["http.request.method"])
    const status = text(values["http.response.status_code"])
    const error = text(values["error.type"])
    const summary = text(values["db.query.summary"])
    if (summary !== undefined) {
      seriesOf("db.client.operation.duration", { "db.query.summary": summary, "error.type": error })
        .updateUnsafe(seconds, context)
    } else if (method !== undefined && kind === "server") {
      seriesOf("http.server.request.duration", {
        "http.request.method": method,
        "http.route": text(values["http.route"]),
        "http.response.status_code": status,
        "error.type": error
      }).updateUnsafe(seconds, context)
    } else if (method !== undefined && kind === "client") {
      seriesOf("http.client.request.duration", {
        "http.request.method": method,
        "url.template": text(values["url.template"]),
        "http.response.status_code": status,
        "error.type": error
      }).updateUnsafe(seconds, context)
    }
  }
