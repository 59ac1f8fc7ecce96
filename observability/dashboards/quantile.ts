import type { MetricName } from "@surety/platform/telemetry/metric-catalogue"
import { label, series } from "../names.ts"
import type { MetricQuery } from "../panel-json.ts"

type Label = Parameters<typeof label>[0]

const percent = (q: number) => `p${q * 100}`

/** A percentile of what happened within a minute jumps about where little happens. */
export const PERCENTILE_WINDOW = "5m"

/**
 * Percentiles of a histogram, a query each. Over the whole time range, as a single number, nothing measured is no value rather
 * than NaN; in a graph it is a gap.
 */
export const quantile = <M extends MetricName>(
  name: M,
  matchers: Parameters<typeof series<M>>[1],
  by: ReadonlyArray<Label> = [],
  percentiles: ReadonlyArray<number> = [0.5, 0.95, 0.99],
  window = PERCENTILE_WINDOW
): ReadonlyArray<MetricQuery> =>
  percentiles.map((q) => ({
    expr: `histogram_quantile(${q}, sum by (${["le", ...by.map(label)].join(", ")}) (
  rate(${series(name, matchers, "bucket")}[${window}])
))${window === "$__range" ? " >= 0" : ""}`,
    legend: [
      ...by.map((name) => `{{${label(name)}}}`),
      ...(percentiles.length > 1 || by.length === 0 ? [percent(q)] : [])
    ]
      .join(" ")
  }))
