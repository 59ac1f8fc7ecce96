import { attributes } from "@surety/platform/telemetry/catalogue"
import { type Dashboard, headLink } from "../dashboard.ts"
import { EDGE_API, explore, OPERATIONS_API } from "../links.ts"
import { logs, logStat, text, timeseries, traces } from "../panels.ts"
import { oldestDue, retryShare } from "../queries.ts"
import { thresholds } from "../thresholds.ts"

const ORDER = "${order}"
const inTraces = `{ span.${attributes.order_id} = "${ORDER}" }`
const inLogs = `{service_name=~".+"} | ${attributes.order_id.replaceAll(".", "_")} = "${ORDER}"`

const counted = (events: string) => `sum(count_over_time(${inLogs} |~ "${events}" [$__range]))`

const summary = [
  logStat({
    title: "Events",
    description:
      "Lines that the services wrote about this order. None: another id, another time range, or telemetry is off.",
    query: `sum(count_over_time(${inLogs} [$__range]))`,
    noValue: "no such order in this range"
  }),
  logStat({
    title: "Attempts again",
    description: "How often a step got no definite answer and was put off to be tried again.",
    query: counted("saga.step.retry|saga.rescheduled"),
    noValue: "none",
    steps: thresholds.order.again
  }),
  logStat({
    title: "Taken over",
    description: "How often another worker went on with it, because the one before had died or hung.",
    query: counted("saga.recovered"),
    noValue: "never",
    steps: thresholds.order.taken_over
  }),
  logStat({
    title: "Turned back",
    description: "1 when it got a definite no and was undone; the reason is in the lines below.",
    query: counted("saga.compensation.started"),
    noValue: "no",
    steps: thresholds.order.turned_back
  }),
  logStat({
    title: "Parked",
    description: "How often it waited for a person. Whether it does now, the operations API says.",
    query: counted("saga.parked"),
    noValue: "never",
    steps: { alert: thresholds.parked.above + 1 }
  }),
  logStat({
    title: "Ended",
    description:
      "1 when it was completed or undone in full; none while it is on its way, or ended outside the time range.",
    query: counted("saga.completed|saga.failed"),
    noValue: "not in this range"
  })
]

const advice = `Paste an order's id above. Then:

- [its saga](${OPERATIONS_API}/sagas/${ORDER}): status, next step, attempts, last error
- [its answer](${EDGE_API}/orders/${ORDER}): what the customer sees, with the trace id
- [all spans](${explore("tempo", inTraces)}) and [all lines](${explore("loki", inLogs)}) in Explore

An order that waited for more than 15 minutes goes on in a second trace, linked with the first: both are in the list.`

export const orderExplorer: Dashboard = {
  uid: "surety-order-explorer",
  title: "Order explorer",
  description: "Everything that happened to one order, in every service, in order of time.",
  from: "now-24h",
  variables: [{
    type: "textbox",
    name: "order",
    label: "Order id",
    description: "order_ledger_id of the 202, such as 0193…",
    query: "",
    current: { text: "", value: "" },
    options: [],
    hide: 0
  }],
  links: [headLink("Saga overview", "surety-saga-overview")],
  rows: [
    { title: "In short", panels: summary },
    {
      title: "The way it went",
      panels: [
        traces({
          title: "Its traces",
          description:
            "A click opens the order's way from the POST through all five services: steps, attempts, undos, waits.",
          width: 16,
          query: inTraces,
          noValue: "no trace of this order in this range"
        }),
        text({
          title: "What to click next",
          description: "The order in the other places that know it.",
          markdown: advice
        }),
        logs({
          title: "Its story",
          description:
            "What the services wrote about it, the oldest first. The bodies are constant; open a line for what varies.",
          height: 14,
          query: inLogs,
          noValue: "no line about this order in this range",
          oldestFirst: true
        })
      ]
    },
    {
      title: "Was it the order, or everything?",
      panels: [
        timeseries({
          title: "Oldest due order",
          description: "If this was high while the order waited, it was not the order's own trouble.",
          unit: "s",
          noValue: "no orchestrator reports",
          queries: [{ expr: oldestDue, legend: "oldest due" }],
          steps: { alert: thresholds.oldest_due_seconds.alert }
        }),
        timeseries({
          title: "Share of attempts without a definite answer",
          description: "Of all orders' attempts. High means that a neighbour was slow or away for everybody.",
          unit: "percentunit",
          noValue: "no attempts in this range",
          queries: [{ expr: retryShare(thresholds.retries.window), legend: "without an answer" }],
          steps: { alert: thresholds.retries.share }
        })
      ]
    }
  ]
}
