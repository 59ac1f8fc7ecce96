import { type MetricName, type metrics, prometheusName } from "@surety/platform/telemetry/metric-catalogue"

/** The catalogue's names as Prometheus has them. A query made from these cannot name a metric or a label that nobody emits. */

type Labels<M extends MetricName> = (typeof metrics)[M]["labels"]
type Value<Set> = Set extends ReadonlyArray<infer Word> ? Word : string
/** One value, one of several, or neither of several; `like` is a regular expression, for what is open. */
type Match<Word> = Word | ReadonlyArray<Word> | { readonly not: ReadonlyArray<Word> } | { readonly like: string }
type Matchers<M extends MetricName> =
  & { readonly [L in keyof Labels<M>]?: Match<Value<Labels<M>[L]>> }
  & { readonly "service.name"?: Match<string>; readonly le?: number }

type AnyLabel = { [M in MetricName]: keyof Labels<M> }[MetricName] | "service.name"

/** A label's name in Prometheus, such as `saga_outcome`. */
export const label = (name: AnyLabel): string => String(name).replaceAll(".", "_")

/** What Prometheus adds to the name of a histogram. */
type Part = "bucket" | "sum" | "count"

/**
 * A selector such as `saga_orders_completed_total{saga_outcome="completed"}`.
 *
 * @param part which series of a histogram; left out for counters and gauges
 */
export const series = <M extends MetricName>(name: M, matchers: Matchers<M> = {}, part?: Part): string => {
  const written = Object.entries(matchers).map(([key, match]) => `${key.replaceAll(".", "_")}${matcher(key, match)}`)
  const metric = `${prometheusName(name)}${part === undefined ? "" : `_${part}`}`
  return written.length === 0 ? metric : `${metric}{${written.join(", ")}}`
}

const matcher = (key: string, match: unknown): string => {
  if (key === "le") return `=~"${match}(\\\\.0)?"` // "30" over OTLP, "30.0" where Prometheus 3 has scraped it
  if (typeof match === "string") return `="${match}"`
  if (Array.isArray(match)) return `=~"${match.join("|")}"`
  const { like, not } = match as { readonly like?: string; readonly not?: ReadonlyArray<string> }
  return like === undefined ? `!~"${not!.join("|")}"` : `=~"${like}"`
}

/** `error.type` of what went well: absent on HTTP, as semantic conventions have it, and `none` where series start at 0. */
export const fine = { like: "none|" } as const
/** `error.type` of what went wrong. */
export const wrong = { not: ["none", ""] } as const

/** The collector's own counters, which it sends beside ours; their endings differ with its version. */
export const collectorMetrics = {
  accepted: `{__name__=~"otelcol_receiver_accepted_(spans|log_records|metric_points).*"}`,
  sent: `{__name__=~"otelcol_exporter_sent_(spans|log_records|metric_points).*"}`,
  lost:
    `{__name__=~"otelcol_(exporter_send_failed|exporter_enqueue_failed|receiver_refused)_(spans|log_records|metric_points).*"}`
} as const
