import { type OtlpReceiver, otlpReceiver } from "@surety/testkit/otlp-receiver"
import { Effect } from "effect"
import { randomBytes, randomUUID } from "node:crypto"
import { request, type Stack, stackForTests } from "./stack-for-tests.ts"

/** Telemetry is sent soon, so that a test need not wait for it. */
export const soon = {
  OTEL_BSP_SCHEDULE_DELAY: "50",
  OTEL_BLRP_SCHEDULE_DELAY: "50",
  OTEL_METRIC_EXPORT_INTERVAL: "200"
}

/** A stack that is watched, and who watches it. */
export const watched = (
  environment: Readonly<Record<string, string>> = {},
  without: ReadonlyArray<"orchestrator"> = []
) =>
  Effect.gen(function*() {
    const receiver = yield* otlpReceiver
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

/** All spans of an order, once its processing has been received to the end. */
export const spansOfOrder = (receiver: OtlpReceiver, traceId: string, status: string) =>
  Effect.map(
    receiver.awaitSpan((span) =>
      span.trace_id === traceId && span.kind === "consumer" && span.attributes["saga.status"] === status
    ).pipe(
      // What its steps were called for is exported with it or before; the request's own span by another service.
      Effect.andThen(receiver.awaitSpan((span) => span.trace_id === traceId && span.kind === "server")),
      Effect.andThen(
        receiver.until("a step for each service", () => {
          const services = new Set(receiver.spansOf(traceId).map((span) => span.service))
          return fiveServices.every((service) => services.has(service)) ? true : undefined
        })
      )
    ),
    () => receiver.spansOf(traceId)
  )
