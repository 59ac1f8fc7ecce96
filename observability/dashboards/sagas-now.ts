import { OPERATIONS_API } from "../links.ts"
import { series } from "../names.ts"
import { stat } from "../panels.ts"
import { inFlight, oldestDue, parked, polls, violations } from "../queries.ts"
import { thresholds } from "../thresholds.ts"

const ended = series("saga.orders.completed")

/** What the on-call engineer sees first: is anything wrong, in seven numbers. */
export const sagasNow = [
  stat({
    title: "Oldest due order",
    description:
      "How long the order that has waited longest has been due. Near 0 when orchestrators keep up. Red pages somebody.",
    width: 4,
    unit: "s",
    decimals: 0,
    noValue: "no orchestrator reports",
    queries: [{ expr: oldestDue, legend: "oldest" }],
    steps: thresholds.oldest_due_seconds,
    links: [{ title: "Sagas, oldest first", url: `${OPERATIONS_API}/sagas`, targetBlank: true }]
  }),
  stat({
    title: "Parked",
    description: "Orders that nothing will happen to until a person retries, resolves or compensates them.",
    width: 3,
    unit: "short",
    noValue: "no orchestrator reports",
    queries: [{ expr: parked, legend: "parked" }],
    steps: { alert: thresholds.parked.above + 1 },
    links: [{ title: "The parked ones", url: `${OPERATIONS_API}/sagas?parked=true`, targetBlank: true }]
  }),
  stat({
    title: "Rows that break an invariant",
    description: "0, always: oversold stock, money captured twice or held for nothing. Anything else pages at once.",
    width: 4,
    unit: "short",
    noValue: "no orchestrator reports",
    queries: [{ expr: violations, legend: "rows" }],
    steps: { alert: thresholds.violations.above + 1 }
  }),
  stat({
    title: "Polls a second",
    description:
      "Successful looks for due orders, of all orchestrators. An idle one polls twice a second; 0 means that no order goes on.",
    width: 3,
    unit: "short",
    decimals: 1,
    noValue: "0",
    queries: [{ expr: `${polls(thresholds.polls.window)} / ${thresholds.polls.seconds}`, legend: "polls" }],
    steps: { low: { alert: thresholds.polls.below / thresholds.polls.seconds } }
  }),
  stat({
    title: "In flight",
    description:
      "Orders that have not ended. Rising while orders are accepted at the same pace means that something holds them up.",
    width: 3,
    unit: "short",
    noValue: "no orchestrator reports",
    queries: [{ expr: inFlight, legend: "in flight" }]
  }),
  stat({
    title: "Ended in this range",
    description: "Orders that reached an end, whichever.",
    width: 3,
    unit: "short",
    decimals: 0,
    noValue: "none",
    queries: [{ expr: `sum(increase(${ended}[$__range]))`, legend: "ended" }]
  }),
  stat({
    title: "Of these completed",
    description:
      "The share that was paid and confirmed. The rest was declined or undone in full; the reasons are below. No objective: declined cards are not our fault.",
    width: 4,
    unit: "percentunit",
    decimals: 1,
    noValue: "none ended",
    queries: [{
      expr: `sum(increase(${series("saga.orders.completed", { "saga.outcome": "completed" })}[$__range]))
/
(sum(increase(${ended}[$__range])) > 0)`,
      legend: "completed"
    }]
  })
]
