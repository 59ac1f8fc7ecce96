import type { Resource } from "@opentelemetry/resources"
import {
  DataPointType,
  type MetricData,
  type PushMetricExporter,
  type ResourceMetrics
} from "@opentelemetry/sdk-metrics"
import type { Context } from "effect"
import { type MetricEntry, type MetricName, metrics } from "./metric-catalogue.ts"
import { seriesOf } from "./metrics.ts"

const entryOf = (name: string): MetricEntry | undefined => name in metrics ? metrics[name as MetricName] : undefined

/**
 * What the producer gets wrong: it takes units from a label that would then be exported too, so ours come from the
 * catalogue; and a histogram nothing was put into has a smallest and a largest value all the same. What is not in the
 * catalogue does not leave.
 */
const repaired = (metric: MetricData): ReadonlyArray<MetricData> => {
  const entry = entryOf(metric.descriptor.name)
  if (entry === undefined) return []
  const descriptor = { ...metric.descriptor, unit: entry.unit, description: entry.description }
  if (metric.dataPointType !== DataPointType.HISTOGRAM) return [{ ...metric, descriptor }]
  const dataPoints = metric.dataPoints.map((point) => {
    if (point.value.count > 0) return point
    const { max: _max, min: _min, ...value } = point.value
    return { ...point, value }
  })
  return [{ ...metric, descriptor, dataPoints }]
}

/** An exporter of what the catalogue has, in the catalogue's units. */
export const repairedMetrics = (exporter: PushMetricExporter): PushMetricExporter => ({
  export: (batch: ResourceMetrics, done) =>
    exporter.export({
      resource: batch.resource as Resource,
      scopeMetrics: batch.scopeMetrics.map(({ metrics, scope }) => ({ scope, metrics: metrics.flatMap(repaired) }))
    }, done),
  forceFlush: () => exporter.forceFlush(),
  shutdown: () => exporter.shutdown()
})

/** Every combination of the words of closed labels. */
const combinations = (labels: MetricEntry["labels"]): ReadonlyArray<Record<string, string>> =>
  Object.entries(labels).reduce<ReadonlyArray<Record<string, string>>>(
    (sofar, [label, words]) =>
      words === "open" ? sofar : sofar.flatMap((given) => words.map((word) => ({ ...given, [label]: word }))),
    [{}]
  )

/** Begins every series of a service at 0: `increase()` sees the first of anything only after a 0. */
export const beginAtZero = (service: string, context: Context.Context<never>): void => {
  for (const name of Object.keys(metrics) as Array<MetricName>) {
    const { by, labels }: MetricEntry = metrics[name]
    const owned = name === "telemetry.lost" || by?.some((owner) => owner === service)
    if (owned === true) {
      for (const combination of combinations(labels)) seriesOf(name, combination).valueUnsafe(context)
    }
  }
}
