import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import * as OtelLogger from "@effect/opentelemetry/OtelLogger"
import { Resource } from "@effect/opentelemetry/Resource"
import { Context, Effect, Layer, Logger, Metric, References, Tracer } from "effect"
import { HttpClient } from "effect/http"
import { randomUUID } from "node:crypto"
import { readFileSync } from "node:fs"
import { otlpLogger } from "./event-logs.ts"
import { type Lost, makeExporters } from "./exporters.ts"
import { beginAtZero } from "./metric-export.ts"
import { seriesOf } from "./metrics.ts"
import { runtimeMetrics } from "./runtime-metrics.ts"
import { spanMetrics } from "./span-metrics.ts"
import type { TelemetrySettings } from "./telemetry-settings.ts"
import { makeTracer } from "./tracer.ts"

const { version }: { readonly version: string } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8")
)

/** A stop waits this long for the collector and no longer; the three shutdowns after it get the rest of 3 s. */
const FLUSH_TIMEOUT_MILLIS = 2_200
const SHUTDOWN_TIMEOUT = "150 millis"
/** Services that share a process stop one after the other; what kept the first waiting need not keep the others. */
const KNOWN_SILENT_MILLIS = 10_000
const KNOWN_SILENT_TIMEOUT_MILLIS = 100
const silentSince = new Map<string, number>()
/** Losses are counted; said aloud they are once in a while. */
const WARNING_EVERY_MILLIS = 60_000

/** Nothing is gathered: no span is made, no header sent, and counts go where nobody reads them. */
const off = Layer.mergeAll(
  Layer.succeed(References.TracerEnabled, false),
  Layer.succeed(HttpClient.TracerDisabledWhen, () => true),
  Layer.sync(Metric.MetricRegistry, () => new Map())
)

const counted = (context: Context.Context<never>): Lost => {
  let lost = 0
  let warned = -Infinity
  return (signal, items) => {
    lost += items
    seriesOf("telemetry.lost", { "telemetry.signal": signal }).updateUnsafe(items, context)
    if (performance.now() - warned < WARNING_EVERY_MILLIS) return
    warned = performance.now()
    Effect.runForkWith(context)(
      Effect.annotateLogs(Effect.logWarning("telemetry.lost"), { "telemetry.signal": signal, lost })
    )
  }
}

const flushed = (endpoint: string, flush: () => Promise<unknown>) =>
  Effect.suspend(() => {
    const isSilent = performance.now() - (silentSince.get(endpoint) ?? -Infinity) < KNOWN_SILENT_MILLIS
    return Effect.promise(flush).pipe(
      Effect.interruptible,
      Effect.timeoutOrElse({
        duration: isSilent ? KNOWN_SILENT_TIMEOUT_MILLIS : FLUSH_TIMEOUT_MILLIS,
        orElse: () => Effect.sync(() => silentSince.set(endpoint, performance.now()))
      })
    )
  })

const on = (service: string, endpoint: string, settings: TelemetrySettings) =>
  Layer.unwrap(Effect.gen(function*() {
    const registry: Metric.MetricRegistry = new Map()
    const around = yield* Effect.context<never>()
    const context = Context.add(around, Metric.MetricRegistry, registry)
    beginAtZero(service, context)
    const exporters = makeExporters(endpoint, settings, counted(context))

    const sdk = NodeSdk.layer(() => ({
      resource: {
        serviceName: service,
        serviceVersion: version,
        attributes: { "service.namespace": "surety", "service.instance.id": randomUUID() }
      },
      spanProcessor: exporters.spans,
      metricReader: exporters.metrics,
      shutdownTimeout: SHUTDOWN_TIMEOUT
    }))
    const tracer = Layer.effect(
      Tracer.Tracer,
      Effect.map(Resource, (resource) =>
        makeTracer({ resource, ended: spanMetrics(context), exported: exporters.exported }))
    )
    const logger = Logger.layer([Effect.map(OtelLogger.OtelLoggerProvider, otlpLogger)], { mergeWithExisting: true })
      .pipe(Layer.provide(OtelLogger.layerLoggerProvider(exporters.logs, { shutdownTimeout: SHUTDOWN_TIMEOUT })))
    const flushLast = Effect.addFinalizer(() =>
      flushed(endpoint, exporters.flush)
    )

    return Layer.effectDiscard(flushLast).pipe(
      Layer.provideMerge(Layer.mergeAll(tracer, logger, Layer.effectDiscard(runtimeMetrics(context)))),
      Layer.provide(sdk),
      Layer.provideMerge(Layer.succeed(Metric.MetricRegistry, registry))
    )
  }))

/**
 * Traces, logs and metrics of one service, to the collector that its settings name. Provide it outermost, so that it closes
 * last: everything that the service says while stopping still goes out, within 3 s whatever the collector does.
 *
 *     service(settings).pipe(Layer.provide(telemetry("orders", yield* telemetrySettings)))
 *
 * A process may hold several services, each with a layer of its own: resource, metrics and queues are not shared. What a
 * service says itself it says by `trace-context` (spans), `metrics` (counts) and `event-logs` (events).
 */
export const telemetry = (service: string, settings: TelemetrySettings): Layer.Layer<never> =>
  settings.endpoint === undefined ? off : on(service, settings.endpoint, settings)
