import { type Dashboard, headLink } from "../dashboard.ts"
import { collectorMetrics, label, series } from "../names.ts"
import { barGauge, logs, stat, timeseries } from "../panels.ts"
import { lostByCollector, lostTelemetry, reportAge } from "../queries.ts"
import { thresholds } from "../thresholds.ts"

const SERVICE = label("service.name")
const SIGNAL = label("telemetry.signal")
const heartbeat = series("nodejs.eventloop.delay.p99")
/** One for each set of labels: a histogram counts once, not once a bucket. */
const ours = "{service_namespace=\"surety\", __name__!~\".+_(bucket|sum)\"}"
const bySeries = `count by (${SERVICE}) (${ours})`

const collected = (selector: string) => `sum(rate(${selector}[$__rate_interval])) or vector(0)`

export const telemetryPipeline: Dashboard = {
  uid: "surety-telemetry-pipeline",
  title: "Telemetry pipeline",
  description: "Is it quiet, or are we deaf? Who reports, how late, and what is lost on the way.",
  from: "now-1h",
  links: [headLink("Saga overview", "surety-saga-overview")],
  rows: [
    {
      title: "Now",
      panels: [
        stat({
          title: "Services that report",
          description: "Five, or as many as run. A service that is missing here is in no other dashboard either.",
          width: 6,
          unit: "short",
          noValue: "none: no metrics arrive",
          queries: [{ expr: `count(count by (${SERVICE}) (${heartbeat}))`, legend: "services" }],
          steps: { low: thresholds.services }
        }),
        stat({
          title: "Oldest last report",
          description: "Of the services that reported within five minutes. They report every ten seconds.",
          width: 6,
          unit: "s",
          decimals: 0,
          noValue: "no metrics arrive",
          queries: [{ expr: `max(${reportAge})`, legend: "oldest" }],
          steps: { notice: thresholds.silence.notice, alert: thresholds.silence.above }
        }),
        stat({
          title: "Lost a second",
          description:
            "Spans, log lines and metric exports that services could not send, or the collector not pass on.",
          width: 6,
          unit: "short",
          noValue: "nothing",
          queries: [{ expr: lostTelemetry(thresholds.lost_telemetry.window), legend: "lost" }],
          steps: { alert: thresholds.lost_telemetry.visible }
        }),
        stat({
          title: "Most series of a service",
          description:
            "Labels are closed sets, so this is known beforehand; more than 400 is a label with too many values.",
          width: 6,
          unit: "short",
          noValue: "no metrics arrive",
          queries: [{ expr: `max(${bySeries})`, legend: "series" }],
          steps: thresholds.series
        })
      ]
    },
    {
      title: "Services",
      panels: [
        timeseries({
          title: "Age of the last report, by service",
          description:
            "A saw of ten seconds is healthy; a line that climbs is a service that stopped, hangs, or cannot reach the collector.",
          width: 8,
          unit: "s",
          noValue: "no metrics arrive",
          queries: [{ expr: reportAge, legend: `{{${SERVICE}}}` }],
          steps: { alert: thresholds.silence.above }
        }),
        timeseries({
          title: "Lost by services, a second",
          description: "By service and signal: the collector did not answer, or not in time, and the queue was full.",
          width: 8,
          unit: "short",
          noValue: "nothing was lost",
          queries: [{
            expr: `sum by (${SERVICE}, ${SIGNAL}) (rate(${series("telemetry.lost")}[$__rate_interval]))`,
            legend: `{{${SERVICE}}} {{${SIGNAL}}}`
          }]
        }),
        barGauge({
          title: "Series, by service",
          description: "How many sets of labels each service reports; a histogram counts once.",
          unit: "short",
          noValue: "no metrics arrive",
          queries: [{ expr: bySeries, legend: `{{${SERVICE}}}` }],
          steps: thresholds.series
        })
      ]
    },
    {
      title: "Collector",
      panels: [
        timeseries({
          title: "Taken and passed on, a second",
          description:
            "Spans, log lines and points. The two should lie on each other. 0 while services report: the collector does not tell about itself.",
          unit: "short",
          noValue: "the collector does not report",
          queries: [
            { expr: collected(collectorMetrics.accepted), legend: "taken" },
            { expr: collected(collectorMetrics.sent), legend: "passed on" }
          ]
        }),
        timeseries({
          title: "Refused or lost, a second",
          description: "What the collector would not take, or what Tempo, Loki or Prometheus would not take from it.",
          unit: "short",
          noValue: "nothing was lost",
          queries: [{ expr: `${lostByCollector("$__rate_interval")} or vector(0)`, legend: "lost" }]
        })
      ]
    },
    {
      title: "What services say of it",
      panels: [
        logs({
          title: "Starts, stops and losses",
          description: "A start that nobody ordered is a crash before it.",
          query:
            "{service_name=~\".+\"} |~ \"service.started|service.stopping|service.stopped|service.failed|telemetry.lost\"",
          noValue: "nothing in this range"
        })
      ]
    }
  ]
}
