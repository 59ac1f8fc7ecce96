import { ROOT_CONTEXT, trace } from "@opentelemetry/api"
import { type AnyValueMap, SeverityNumber } from "@opentelemetry/api-logs"
import type { LoggerProvider } from "@opentelemetry/sdk-logs"
import { Array as Arr, Cause, Effect, Logger, type LogLevel, Predicate, References } from "effect"
import { type LogEvent, logEvents } from "./catalogue.ts"
import { errorTypeOfCause } from "./error-type.ts"
import { mask, maskValue } from "./mask.ts"
import { exportedSpanOf } from "./tracer.ts"

/**
 * For services: an event is a name of the catalogue; what varies is in its attributes.
 *
 *     yield* logEvent("saga.parked", { "saga.order.id": id, "saga.parked.reason": "refused" }, "Error")
 *
 * The same as `Effect.logError("saga.parked").pipe(Effect.annotateLogs({ … }))`, but that the compiler knows the name.
 */
export const logEvent = (
  event: LogEvent,
  attributes: Readonly<Record<string, string | number | boolean | undefined>> = {},
  level: "Info" | "Warn" | "Error" = "Info"
): Effect.Effect<void> => Effect.annotateLogs(Effect.logWithLevel(level)(event), attributes)

const severities = {
  All: SeverityNumber.UNSPECIFIED,
  None: SeverityNumber.UNSPECIFIED,
  Trace: SeverityNumber.TRACE,
  Debug: SeverityNumber.DEBUG,
  Info: SeverityNumber.INFO,
  Warn: SeverityNumber.WARN,
  Error: SeverityNumber.ERROR,
  Fatal: SeverityNumber.FATAL
} as const satisfies Record<LogLevel.LogLevel, SeverityNumber>

const BODY_MAX_LENGTH = 300
const STACK_MAX_LENGTH = 4000
/** On the record itself, or on its resource. */
const saidElsewhere = new Set(["trace_id", "span_id", "service"])
const events: ReadonlySet<unknown> = new Set(logEvents)

const put = (into: AnyValueMap, given: object) => {
  for (const [key, value] of Object.entries(given)) {
    const masked = saidElsewhere.has(key) ? undefined : maskValue(value)
    if (masked !== undefined) into[key] = typeof masked === "object" ? [...masked] : masked
  }
}

/** What went wrong: a class, a message without what customers wrote, and where in our code. */
const putCause = (into: AnyValueMap, cause: Cause.Cause<unknown>) => {
  const [error] = Cause.prettyErrors(cause)
  if (error === undefined) return
  into["error.type"] = errorTypeOfCause(cause)
  into["exception.type"] = mask(error.name, BODY_MAX_LENGTH)
  into["exception.message"] = mask(error.message, BODY_MAX_LENGTH)
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line))
  into["exception.stacktrace"] = mask(frames.join("\n"), STACK_MAX_LENGTH)
}

/**
 * Logs as OpenTelemetry has them: the event's name is EventName and the constant body, objects beside it are attributes,
 * the trace is the record's own. The rest is said once and masked.
 */
export const otlpLogger = (provider: LoggerProvider): Logger.Logger<unknown, void> => {
  const logger = provider.getLogger("surety")
  return Logger.make(({ cause, date, fiber, logLevel, message }) => {
    const [first, ...others] = Arr.ensure(message)
    const attributes: AnyValueMap = {}
    for (const other of others) {
      if (Predicate.isObject(other) && !(other instanceof Error)) put(attributes, other)
    }
    put(attributes, fiber.getRef(References.CurrentLogAnnotations))
    putCause(attributes, cause)
    const span = exportedSpanOf(fiber.cache.span)
    logger.emit({
      body: typeof first === "string" ? mask(first, BODY_MAX_LENGTH) : "",
      ...(events.has(first) ? { eventName: String(first) } : {}),
      severityNumber: severities[logLevel],
      severityText: logLevel.toUpperCase(),
      timestamp: date,
      observedTimestamp: date,
      attributes,
      context: span === undefined
        ? ROOT_CONTEXT
        : trace.setSpanContext(ROOT_CONTEXT, { traceId: span.traceId, spanId: span.spanId, traceFlags: 1 })
    })
  })
}
