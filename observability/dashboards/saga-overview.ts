import { type Dashboard, headLink } from "../dashboard.ts"
import { dashboard, explore, OPERATIONS_API } from "../links.ts"
import { label, series } from "../names.ts"
import { alertList, logs, text, timeseries, traces } from "../panels.ts"
import { findingsByKind, inFlightByStatus, lookAge, oldestDue, parkedByReason } from "../queries.ts"
import { thresholds } from "../thresholds.ts"
import { quantile } from "./quantile.ts"
import { sagasNow } from "./sagas-now.ts"

const RATE = "$__rate_interval"
const ended = series("saga.orders.completed")
const perMinute = (selector: string, by: string) => `sum${by} (rate(${selector}[${RATE}])) * 60`

const troubles =
  "{service_name=~\".+\"} |~ \"saga.parked|saga.compensation.failed|saga.step.failed|saga.trouble|reconciliation.parked|service.failed\""

const advice = `1. **Something fires?** Open the alert: its text says what to do, its runbook link says more.
2. **Orders old or parked?** [Parked sagas](${OPERATIONS_API}/sagas?parked=true) with their last error; is [claiming](${OPERATIONS_API}/claiming) paused?
3. **One order?** [Order explorer](/d/surety-order-explorer): paste its id.
4. **Steps fail?** [Services](/d/surety-services): who is slow or answers errors.
5. **Everything quiet?** [Telemetry pipeline](/d/surety-telemetry-pipeline): is it quiet, or deaf?`

const flow = [
  alertList({
    title: "Alerts",
    description:
      "Firing and about to fire, the gravest first. They come from Prometheus' rules; an empty list is a good one.",
    width: 6
  }),
  timeseries({
    title: "Accepted and ended, a minute",
    description:
      "The two lines lie on each other when all is well. A gap that stays is an orchestrator that does not keep up.",
    width: 12,
    unit: "short",
    noValue: "no orders yet",
    queries: [
      { expr: perMinute(series("saga.orders.accepted"), ""), legend: "accepted" },
      { expr: perMinute(ended, ` by (${label("saga.outcome")})`), legend: `ended: {{${label("saga.outcome")}}}` }
    ],
    links: [{
      title: "Traces of orders in this range",
      url: explore("tempo", "{ span.saga.order.id != \"\" && kind = consumer }")
    }]
  }),
  text({ title: "What to click next", description: "The order in which to look.", width: 6, markdown: advice })
]

const stuck = [
  timeseries({
    title: "In the ledger, by status",
    description:
      "Where orders stand. A colour that grows names the step that does not answer: RESERVED waits for payment, COMPENSATING for an undo.",
    width: 8,
    unit: "short",
    stacked: true,
    noValue: "no orchestrator reports",
    queries: [{ expr: inFlightByStatus, legend: `{{${label("saga.status")}}}` }]
  }),
  timeseries({
    title: "Oldest due order, over time",
    description: "Since when it is so. A straight line upwards begins where the trouble began.",
    width: 8,
    unit: "s",
    noValue: "no orchestrator reports",
    queries: [{ expr: oldestDue, legend: "oldest due" }],
    steps: { alert: thresholds.oldest_due_seconds.alert }
  }),
  timeseries({
    title: "Parked, by reason",
    description:
      "Orders that wait for a person: refused (an undo or a confirmation was), no_answer (its budget is spent), stuck.",
    width: 8,
    unit: "short",
    stacked: true,
    noValue: "no orchestrator reports",
    queries: [{ expr: parkedByReason, legend: `{{${label("saga.parked.reason")}}}` }]
  })
]

const why = [
  timeseries({
    title: "Why orders were undone, a minute",
    description: "Declined and out of stock are business; no_answer and other are ours to look into.",
    width: 8,
    unit: "short",
    stacked: true,
    noValue: "none undone",
    queries: [{
      expr: perMinute(
        series("saga.orders.completed", { "saga.outcome": ["failed", "authorization_failed"] }),
        ` by (${label("saga.failure.reason")})`
      ),
      legend: `{{${label("saga.failure.reason")}}}`
    }]
  }),
  timeseries({
    title: "Attempts without a definite answer, a minute",
    description: "By step and direction. Each is tried again; a step that shows here is slow, away, or at its limit.",
    width: 8,
    unit: "short",
    noValue: "every step answers",
    queries: [{
      expr: perMinute(
        series("saga.step.attempts", { "saga.step.result": ["unknown", "stuck"] }),
        ` by (${label("saga.step")}, ${label("saga.step.direction")})`
      ),
      legend: `{{${label("saga.step")}}} {{${label("saga.step.direction")}}}`
    }],
    links: [{ title: "Services", url: dashboard("surety-services") }]
  }),
  timeseries({
    title: "Workers that died, and came late",
    description:
      "Leases that expired (orders taken over from a worker that died or hung) and late records that were fenced out. A few belong to every deployment.",
    width: 8,
    unit: "short",
    noValue: "no orchestrator reports",
    queries: [
      { expr: `sum(increase(${series("saga.lease.expired")}[${RATE}]))`, legend: "leases expired" },
      { expr: `sum(increase(${series("saga.fence.rejected")}[${RATE}]))`, legend: "fenced out" }
    ]
  })
]

const books = [
  timeseries({
    title: "Findings, by kind",
    description:
      "Where ledger, payments, provider, orders and stock do not say the same: open ones are being repaired, parked ones wait for a person.",
    width: 8,
    unit: "short",
    stacked: true,
    noValue: "no orchestrator reports",
    queries: [{
      expr: findingsByKind,
      legend: `{{${label("reconciliation.kind")}}} {{${label("reconciliation.state")}}}`
    }],
    links: [{ title: "What was found", url: `${OPERATIONS_API}/reconciliation/findings`, targetBlank: true }]
  }),
  timeseries({
    title: "Repairs, a minute",
    description:
      "Attempts to put right what was found, by how they came out. One that is unknown is tried again, one that is refused parks.",
    width: 8,
    unit: "short",
    noValue: "nothing to repair",
    queries: [{
      expr: perMinute(
        series("reconciliation.repairs"),
        ` by (${label("reconciliation.kind")}, ${label("reconciliation.result")})`
      ),
      legend: `{{${label("reconciliation.kind")}}} {{${label("reconciliation.result")}}}`
    }]
  }),
  timeseries({
    title: "Since the books were last compared",
    description:
      "A saw of ten seconds is usual. Rising means that no look comes to its end, mostly as the provider does not answer.",
    width: 8,
    unit: "s",
    noValue: "no orchestrator reports",
    queries: [{ expr: lookAge, legend: "last look" }],
    steps: { notice: thresholds.look_age.notice, alert: thresholds.look_age.alert }
  })
]

const pace = [
  timeseries({
    title: "From acceptance to end",
    description: "How long orders take, of those that ended. Waits for a retry are in it.",
    width: 8,
    unit: "s",
    noValue: "no orders yet",
    queries: quantile("saga.order.duration", { "saga.outcome": ["completed", "failed"] })
  }),
  timeseries({
    title: "Due, waiting for an orchestrator",
    description:
      "When this rises and steps are quick, start another orchestrator; when steps are slow too, that would not help.",
    width: 8,
    unit: "s",
    noValue: "no orders yet",
    queries: quantile("saga.queue.wait", {})
  }),
  timeseries({
    title: "Steps, 95th percentile",
    description: "How long a step takes for its set, by step and direction.",
    width: 8,
    unit: "s",
    noValue: "no orders yet",
    queries: quantile("saga.step.duration", {}, ["saga.step", "saga.step.direction"], [0.95])
  })
]

export const sagaOverview: Dashboard = {
  uid: "surety-saga-overview",
  title: "Saga overview",
  description: "Do orders end? What is stuck, why, and since when.",
  from: "now-1h",
  links: [
    headLink("Order explorer", "surety-order-explorer"),
    { title: "Explore: troubles", url: explore("loki", troubles) },
    { title: "Explore: failed spans", url: explore("tempo", "{ status = error }") }
  ],
  rows: [
    { title: "Now", panels: sagasNow },
    { title: "Do orders end?", panels: flow },
    { title: "What is stuck, since when?", panels: stuck },
    { title: "Why?", panels: why },
    { title: "Do the books agree?", panels: books },
    { title: "How fast?", panels: pace },
    {
      title: "The latest troubles",
      panels: [
        logs({
          title: "Parked, failed, in trouble",
          description:
            "Open a line for its order id and trace id: each is a link, to the order explorer and to the trace.",
          width: 12,
          query: troubles,
          noValue: "no trouble in this range"
        }),
        traces({
          title: "Traces with a failed span",
          description:
            "The newest first; a click opens the whole order. A refusal is an outcome and not here, a lost answer is.",
          width: 12,
          height: 10,
          query: "{ status = error }",
          noValue: "no failed span in this range"
        })
      ]
    }
  ]
}
