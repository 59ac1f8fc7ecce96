import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-http"
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http"
import { BatchLogRecordProcessor, type LogRecordProcessor, type ReadableLogRecord } from "@opentelemetry/sdk-logs"
import { PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics"
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from "@opentelemetry/sdk-trace-base"
import type { signals } from "./catalogue.ts"
import { repairedMetrics } from "./metric-export.ts"
import type { TelemetrySettings } from "./telemetry-settings.ts"

/** A batch is tried again, at most five times, for this long; a collector that restarts is back within it. */
const EXPORT_TIMEOUT_MILLIS = 20_000
/** Serialising a batch of this size holds the event loop for about 4 ms. */
const BATCH_SIZE = 512
/** What waits while the collector is away: at 5,000 spans a second, 2.5 s; at a tenth of that, longer than it is tried. */
const SPANS_MAX = 24 * BATCH_SIZE
const LOGS_MAX = 8 * BATCH_SIZE
/** A flush sends all that waits at once. */
const REQUESTS_MAX = 32

export type Lost = (signal: (typeof signals)[number], items: number) => void

/** A queue's length, known outside of it, so that what it would drop silently is counted. */
const gate = (max: number, lost: (items: number) => void) => {
  let waiting = 0
  const leave = (items: number, failed: boolean) => {
    waiting -= items
    if (failed) lost(items)
  }
  const enter = () => {
    if (waiting < max) return ++waiting > 0
    lost(1)
    return false
  }
  return { enter, leave }
}

interface Result {
  readonly code: number
}

/** An exporter that tells the gate what it took and what it failed to deliver. */
const guarded = <Item, Guarded extends { export(items: Array<Item>, done: (result: Result) => void): void }>(
  exporter: Guarded,
  leave: (items: number, failed: boolean) => void
): Guarded => {
  const send = exporter.export.bind(exporter)
  exporter.export = (items, done) =>
    send(items, (result) => {
      leave(items.length, result.code !== 0)
      done(result)
    })
  return exporter
}

/** The three ways out. Queues are bounded, nothing here ever fails or waits for the collector, and losses are told to `lost`. */
export const makeExporters = (endpoint: string, settings: TelemetrySettings, lost: Lost) => {
  const to = (signal: string) => ({
    url: `${endpoint}/v1/${signal}`,
    timeoutMillis: EXPORT_TIMEOUT_MILLIS,
    concurrencyLimit: REQUESTS_MAX
  })
  const batches = { maxExportBatchSize: BATCH_SIZE, exportTimeoutMillis: EXPORT_TIMEOUT_MILLIS + 1000 }

  const spanGate = gate(SPANS_MAX, (items) => lost("traces", items))
  const spanExporter: SpanExporter = guarded<ReadableSpan, OTLPTraceExporter>(
    new OTLPTraceExporter(to("traces")),
    spanGate.leave
  )
  const spans = new BatchSpanProcessor(spanExporter, {
    ...batches,
    maxQueueSize: SPANS_MAX,
    scheduledDelayMillis: settings.span_delay_millis
  })

  const logGate = gate(LOGS_MAX, (items) => lost("logs", items))
  const logExporter = guarded<ReadableLogRecord, OTLPLogExporter>(new OTLPLogExporter(to("logs")), logGate.leave)
  const logBatches = new BatchLogRecordProcessor({
    ...batches,
    exporter: logExporter,
    maxQueueSize: LOGS_MAX,
    scheduledDelayMillis: settings.log_delay_millis
  })
  const logs: LogRecordProcessor = {
    onEmit: (record) => {
      if (logGate.enter()) logBatches.onEmit(record)
    },
    forceFlush: () => logBatches.forceFlush(),
    shutdown: () => logBatches.shutdown()
  }

  const metricExporter = new OTLPMetricExporter(to("metrics"))
  const sendMetrics = metricExporter.export.bind(metricExporter)
  metricExporter.export = (batch, done) =>
    sendMetrics(batch, (result) => {
      if (result.code !== 0) lost("metrics", 1)
      done(result)
    })
  const metrics = new PeriodicExportingMetricReader({
    exporter: repairedMetrics(metricExporter),
    exportIntervalMillis: settings.metric_interval_millis,
    exportTimeoutMillis: Math.min(settings.metric_interval_millis, EXPORT_TIMEOUT_MILLIS)
  })

  return {
    spans,
    logs,
    metrics,
    exported: (span: ReadableSpan) => {
      if (spanGate.enter()) spans.onEnd(span)
    },
    /** Sends everything that waits and waits for what is under way. */
    flush: () =>
      Promise.allSettled([
        spans.forceFlush().then(() => spanExporter.forceFlush?.()),
        logs.forceFlush(),
        metrics.forceFlush()
      ])
  }
}
