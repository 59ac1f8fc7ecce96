import { type Dashboard, headLink } from "../dashboard.ts"
import { explore } from "../links.ts"
import { label, series, wrong } from "../names.ts"
import { stat, timeseries } from "../panels.ts"
import { thresholds } from "../thresholds.ts"
import { PERCENTILE_WINDOW, quantile } from "./quantile.ts"

const chosen = { "service.name": { like: "$service" } } as const
const status5xx = { "http.response.status_code": { like: "5.." } } as const
const RATE = "$__rate_interval"

const requests = series("http.server.request.duration", chosen, "count")
const failures = series("http.server.request.duration", { ...chosen, ...status5xx }, "count")
const calls = series("http.client.request.duration", chosen, "count")
const failedCalls = series("http.client.request.duration", { ...chosen, "error.type": wrong }, "count")
const SERVICE = label("service.name")
const operations = `${label("payment.operation")}, ${label("payment.outcome")}`
const reservations = `${label("inventory.operation")}, ${label("inventory.outcome")}`
const templates = `${SERVICE}, ${label("http.request.method")}, ${label("url.template")}`
const routes = `${SERVICE}, ${label("http.request.method")}, ${label("http.route")}`

const { request_seconds, server_errors } = thresholds
const failedSpans = explore("tempo", "{ resource.service.name =~ \"${service:regex}\" && status = error }")

const now = [
  stat({
    title: "Requests a second",
    description: "That the chosen services answer now.",
    unit: "reqps",
    width: 6,
    decimals: 1,
    noValue: "no requests",
    queries: [{ expr: `sum(rate(${requests}[${RATE}]))`, legend: "requests" }]
  }),
  stat({
    title: "Answered with 5xx",
    description: "The share in this range. Refusals (4xx) are answers and not counted.",
    unit: "percentunit",
    width: 6,
    decimals: 2,
    noValue: "no requests",
    queries: [{
      expr: `(sum(increase(${failures}[$__range])) or vector(0))\n/\n(sum(increase(${requests}[$__range])) > 0)`,
      legend: "5xx"
    }],
    steps: server_errors,
    links: [{ title: "Failed spans", url: failedSpans }]
  }),
  stat({
    title: "95th percentile",
    description: "How long requests took in this range, of all chosen services together.",
    unit: "s",
    width: 6,
    noValue: "no requests",
    queries: quantile("http.server.request.duration", chosen, [], [0.95], "$__range"),
    steps: request_seconds
  }),
  stat({
    title: "Calls that failed",
    description: "The share of calls to neighbours and to the payment provider that had an error status or no answer.",
    unit: "percentunit",
    width: 6,
    decimals: 2,
    noValue: "no calls",
    queries: [{
      expr: `(sum(increase(${failedCalls}[$__range])) or vector(0))\n/\n(sum(increase(${calls}[$__range])) > 0)`,
      legend: "failed"
    }],
    steps: server_errors
  })
]

const answered = [
  timeseries({
    title: "Requests, by service",
    description: "Rate. Health checks are not in it.",
    width: 8,
    unit: "reqps",
    noValue: "no requests",
    queries: [{ expr: `sum by (${SERVICE}) (rate(${requests}[${RATE}]))`, legend: `{{${SERVICE}}}` }]
  }),
  timeseries({
    title: "Errors, by service and status",
    description:
      "Share of the service's requests answered with 5xx. 503 is a database or a neighbour that is away; 500 is a bug.",
    width: 8,
    unit: "percentunit",
    noValue: "no 5xx in this range",
    queries: [{
      expr: `(sum by (${SERVICE}, ${label("http.response.status_code")}) (rate(${failures}[${RATE}]))
/ on (${SERVICE}) group_left ()
sum by (${SERVICE}) (rate(${requests}[${RATE}])))
or
0 * sum by (${SERVICE}) (rate(${requests}[${RATE}]))`,
      legend: `{{${SERVICE}}} {{${label("http.response.status_code")}}}`
    }],
    steps: { alert: server_errors.alert },
    links: [{ title: "Failed spans", url: failedSpans }]
  }),
  timeseries({
    title: "Duration, 95th percentile, by service",
    description: "How long answers take.",
    width: 8,
    unit: "s",
    noValue: "no requests",
    queries: quantile("http.server.request.duration", chosen, ["service.name"], [0.95]),
    steps: { alert: request_seconds.alert }
  }),
  timeseries({
    title: "Requests, by route",
    description: "The ten busiest, by service and route template.",
    unit: "reqps",
    noValue: "no requests",
    queries: [{
      expr: `topk(10, sum by (${routes}) (rate(${requests}[${RATE}])))`,
      legend: `{{${SERVICE}}} {{${label("http.request.method")}}} {{${label("http.route")}}}`
    }]
  }),
  timeseries({
    title: "Answers, by status",
    description: "402 is a declined card, 409 a request that still runs, 422 a key used for another body.",
    unit: "reqps",
    stacked: true,
    noValue: "no requests",
    queries: [{
      expr: `sum by (${label("http.response.status_code")}) (rate(${requests}[${RATE}]))`,
      legend: `{{${label("http.response.status_code")}}}`
    }]
  })
]

const asked = [
  timeseries({
    title: "Calls to neighbours, 95th percentile",
    description:
      "The ten slowest, as the caller sees them. Compare with the neighbour's own duration: the difference is the way between.",
    unit: "s",
    noValue: "no calls",
    queries: [{
      expr: `topk(10, histogram_quantile(0.95, sum by (le, ${templates}) (
  rate(${series("http.client.request.duration", chosen, "bucket")}[${PERCENTILE_WINDOW}])
)))`,
      legend: `{{${SERVICE}}} → {{${label("http.request.method")}}} {{${label("url.template")}}}`
    }]
  }),
  timeseries({
    title: "Calls that failed, a second",
    description: "By caller and kind of error: a status, connection, timeout.",
    unit: "reqps",
    noValue: "every call is answered",
    queries: [{
      expr: `sum by (${SERVICE}, ${label("error.type")}) (rate(${failedCalls}[${RATE}])) or vector(0)`,
      legend: `{{${SERVICE}}} {{${label("error.type")}}}`
    }]
  }),
  timeseries({
    title: "Payments, a minute",
    description: "What was asked of the provider and how it came out; unknown is asked again under the same key.",
    unit: "short",
    stacked: true,
    noValue: "payment does not report",
    queries: [{
      expr: `sum by (${operations}) (rate(${series("payment.operations")}[${RATE}])) * 60`,
      legend: `{{${label("payment.operation")}}} {{${label("payment.outcome")}}}`
    }]
  }),
  timeseries({
    title: "Reservations, a minute",
    description: "What was asked of stock and how it came out; refused is out of stock.",
    unit: "short",
    stacked: true,
    noValue: "inventory does not report",
    queries: [{
      expr: `sum by (${reservations}) (rate(${series("inventory.reservations")}[${RATE}])) * 60`,
      legend: `{{${label("inventory.operation")}}} {{${label("inventory.outcome")}}}`
    }]
  })
]

export const services: Dashboard = {
  uid: "surety-services",
  title: "Services",
  description: "Rate, errors and duration of what each service answers, and of what it asks of others.",
  from: "now-1h",
  variables: [{
    type: "query",
    name: "service",
    label: "Service",
    datasource: { type: "prometheus", uid: "prometheus" },
    query: { query: `label_values(${series("nodejs.eventloop.delay.p99")}, ${SERVICE})`, refId: "service" },
    current: { text: "All", value: "$__all" },
    includeAll: true,
    allValue: ".+",
    multi: true,
    refresh: 2,
    sort: 1,
    hide: 0
  }],
  links: [
    headLink("Saga overview", "surety-saga-overview"),
    headLink("Runtime and database", "surety-runtime"),
    { title: "Explore: failed spans", url: failedSpans }
  ],
  rows: [
    { title: "Now", panels: now },
    { title: "What they answer", panels: answered },
    { title: "What they ask of others", panels: asked }
  ]
}
