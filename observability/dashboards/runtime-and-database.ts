import { type Dashboard, headLink } from "../dashboard.ts"
import { explore } from "../links.ts"
import { label, series, wrong } from "../names.ts"
import { barGauge, stat, timeseries } from "../panels.ts"
import { thresholds } from "../thresholds.ts"
import { quantile } from "./quantile.ts"

const RATE = "$__rate_interval"
const SERVICE = label("service.name")
const SUMMARY = label("db.query.summary")
const bySummary = `${SERVICE}, ${SUMMARY}`
const statement = `{{${SERVICE}}}: {{${SUMMARY}}}`

const loop = series("nodejs.eventloop.delay.p99")
const cpu = series("process.cpu.utilization")
const heap = series("v8js.memory.heap.used")
const statements = series("db.client.operation.duration", {}, "count")
const seconds = series("db.client.operation.duration", {}, "sum")
const failed = series("db.client.operation.duration", { "error.type": wrong }, "count")

const now = [
  stat({
    title: "Event loop delay",
    description: "99th percentile of the slowest process: how long a request waits before a line of code runs for it.",
    width: 5,
    unit: "s",
    noValue: "no service reports",
    queries: [{ expr: `max(${loop})`, legend: "slowest" }],
    steps: thresholds.event_loop_seconds
  }),
  stat({
    title: "CPU",
    description: "Share of one core that the busiest process uses. Near 1 it is full: start another.",
    width: 5,
    unit: "percentunit",
    noValue: "no service reports",
    queries: [{ expr: `max(${cpu})`, legend: "busiest" }],
    steps: thresholds.cpu
  }),
  stat({
    title: "Heap",
    description: "Of the process that uses most; a container is ended at 512 MB.",
    width: 5,
    unit: "bytes",
    noValue: "no service reports",
    queries: [{ expr: `max(${heap})`, legend: "greatest" }],
    steps: thresholds.heap_bytes
  }),
  stat({
    title: "Statements, 95th percentile",
    description: "Of all services, the wait for a connection included.",
    width: 5,
    unit: "s",
    noValue: "no statements",
    queries: quantile("db.client.operation.duration", {}, [], [0.95], "$__range"),
    steps: thresholds.statement_seconds
  }),
  stat({
    title: "Statements that failed",
    description:
      "In this range. Serialization and deadlock errors are repeated by themselves; connection errors mean that the database is away.",
    width: 4,
    unit: "short",
    decimals: 0,
    noValue: "none",
    queries: [{ expr: `sum(increase(${failed}[$__range])) or vector(0)`, legend: "failed" }],
    steps: thresholds.failed_statements,
    links: [{
      title: "Traces with a failed statement",
      url: explore("tempo", "{ span.db.query.summary != \"\" && status = error }")
    }]
  })
]

const runtime = [
  timeseries({
    title: "Event loop delay, 99th percentile",
    description:
      "By service. Peaks are work that holds the only thread: a large body, a large answer, a collection of garbage.",
    width: 8,
    unit: "s",
    noValue: "no service reports",
    queries: [{ expr: `max by (${SERVICE}) (${loop})`, legend: `{{${SERVICE}}}` }],
    steps: { alert: thresholds.event_loop_seconds.alert }
  }),
  timeseries({
    title: "CPU, by service",
    description: "Share of one core, by service.",
    width: 8,
    unit: "percentunit",
    noValue: "no service reports",
    queries: [{ expr: `max by (${SERVICE}) (${cpu})`, legend: `{{${SERVICE}}}` }],
    steps: { alert: thresholds.cpu.alert }
  }),
  timeseries({
    title: "Heap in use",
    description: "A saw is healthy; a staircase is a leak.",
    width: 8,
    unit: "bytes",
    noValue: "no service reports",
    queries: [{ expr: `max by (${SERVICE}) (${heap})`, legend: `{{${SERVICE}}}` }],
    steps: { alert: thresholds.heap_bytes.alert }
  })
]

const database = [
  timeseries({
    title: "Statements a second, by service",
    description: "What each service asks of the database. An idle orchestrator asks twice a second.",
    unit: "ops",
    noValue: "no statements",
    queries: [{ expr: `sum by (${SERVICE}) (rate(${statements}[${RATE}]))`, legend: `{{${SERVICE}}}` }]
  }),
  timeseries({
    title: "95th percentile, by service",
    description: "When all services rise together it is the database; when one does, its statements or its pool.",
    unit: "s",
    noValue: "no statements",
    queries: quantile("db.client.operation.duration", {}, ["service.name"], [0.95]),
    steps: { alert: thresholds.statement_seconds.alert }
  }),
  barGauge({
    title: "Time spent, by statement",
    description:
      "Seconds of waiting a second, the ten greatest in this range: where making something faster would show.",
    unit: "none",
    noValue: "no statements",
    queries: [{ expr: `topk(10, sum by (${bySummary}) (rate(${seconds}[$__range])))`, legend: statement }]
  }),
  barGauge({
    title: "Slowest statements",
    description: "95th percentile in this range, the ten slowest.",
    unit: "s",
    noValue: "no statements",
    queries: [{
      expr: `topk(10, histogram_quantile(0.95, sum by (le, ${bySummary}) (
  rate(${series("db.client.operation.duration", {}, "bucket")}[$__range])
)) >= 0)`,
      legend: statement
    }],
    steps: thresholds.statement_seconds
  }),
  timeseries({
    title: "Statements that failed, a second",
    description: "By service and kind of error: an SQLSTATE, connection, timeout.",
    width: 8,
    unit: "ops",
    noValue: "none failed",
    queries: [{
      expr: `sum by (${SERVICE}, ${label("error.type")}) (rate(${failed}[${RATE}])) or vector(0)`,
      legend: `{{${SERVICE}}} {{${label("error.type")}}}`
    }]
  })
]

export const runtimeAndDatabase: Dashboard = {
  uid: "surety-runtime",
  title: "Runtime and database",
  description: "Is it the process or the database? What each has left, and which statements cost most.",
  from: "now-1h",
  links: [headLink("Saga overview", "surety-saga-overview"), headLink("Services", "surety-services")],
  rows: [
    { title: "Now", panels: now },
    { title: "Processes", panels: runtime },
    { title: "Database", panels: database }
  ]
}
