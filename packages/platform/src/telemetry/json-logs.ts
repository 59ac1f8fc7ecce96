import { Formatter, Logger } from "effect"
import { mask, maskValue } from "./mask.ts"
import { exportedSpanOf } from "./tracer.ts"

/** Room for a stack; a log is no place for more. */
const TEXT_MAX_LENGTH = 8_000
/** Deeper than anything that is logged on purpose. */
const DEPTH_MAX = 6

const masked = (value: unknown, depth = 0): unknown => {
  if (typeof value === "string") return mask(value, TEXT_MAX_LENGTH)
  if (typeof value === "number") return maskValue(value)
  if (typeof value !== "object" || value === null) return value
  if (depth === DEPTH_MAX) return "…"
  if (Array.isArray(value)) return value.map((item) => masked(item, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(item, depth + 1)]))
}

/** One masked JSON object a line on standard output, with the ids of the current trace and span where there are any. */
export const jsonLogger: Logger.Logger<unknown, void> = Logger.withConsoleLog(
  Logger.make((options) => {
    const { annotations: { trace_id, ...annotations }, ...said } = Logger.formatStructured.log(options)
    const span = exportedSpanOf(options.fiber.cache.span)
    const ids = span === undefined ? { trace_id } : { trace_id: span.traceId, span_id: span.spanId }
    return Formatter.formatJson({ ...masked({ ...said, annotations }) as object, ...ids })
  })
)
