import { type OtlpReceiver, otlpReceiver, type Temper } from "@surety/testkit/otlp-receiver"
import { Effect } from "effect"
import { randomBytes, randomUUID } from "node:crypto"
import { request, type Stack, stackForTests } from "./stack-for-tests.ts"

/** Telemetry is sent soon, so that a test need not wait for it. */
export const soon = {
  OTEL_BSP_SCHEDULE_DELAY: "50",
  OTEL_BLRP_SCHEDULE_DELAY: "50",
  OTEL_METRIC_EXPORT_INTERVAL: "200",
  GAUGES_EVERY_MILLIS: "100",
  CORRECTNESS_EVERY_MILLIS: "200"
}

/** A stack that is watched, and who watches it, from the beginning in this temper. */
export const watched = (
  environment: Readonly<Record<string, string>> = {},
  without: ReadonlyArray<"orchestrator"> = [],
  temper: Temper = "takes"
) =>
  Effect.gen(function*() {
    const receiver = yield* otlpReceiver
    yield* receiver.become(temper)
    const stack = yield* stackForTests(
      { ...soon, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, ...environment },
      without
    )
    return { receiver, stack }
  })

export const fiveServices = ["edge-api", "inventory", "orchestrator", "orders", "payment"]
const hex = (bytes: number) => randomBytes(bytes).toString("hex")

/** Places an order as a client that is traced itself, and is not sampled. */
export const placeTraced = (stack: Stack, order: object) =>
  Effect.gen(function*() {
    const traceId = hex(16)
    const headers = { "idempotency-key": randomUUID(), traceparent: `00-${traceId}-${hex(8)}-00` }
    const reply = yield* request("POST", `${stack.urls.edge_api}/orders`, order, headers)
    return { reply, traceId }
  })

/**
 * All spans of an order, once its processing has been received to the end: what each step called, too, and the request
 * itself, which other services export in their own time.
 */
export const spansOfOrder = (receiver: OtlpReceiver, traceId: string, status: string) =>
  receiver.until(`an order that ended ${status}, whole`, () => {
    const spans = receiver.spansOf(traceId)
    const ended = spans.some((span) => span.kind === "consumer" && span.attributes["saga.status"] === status)
    const isWhole = spans.every((span) =>
      (span.parent_id === undefined || span.kind === "server" ||
        spans.some(({ span_id }) => span_id === span.parent_id)) &&
      (!span.name.startsWith("saga.step") || spans.some(({ parent_id }) => parent_id === span.span_id))
    )
    const request = spans.find((span) => span.kind === "server")
    const last = status !== "COMPLETED" || spans.some((span) => span.name === "confirm order")
    const isKnown = fiveServices.every((service) => spans.some((span) => span.service === service))
    return ended && isWhole && last && isKnown && request !== undefined ? spans : undefined
  })
