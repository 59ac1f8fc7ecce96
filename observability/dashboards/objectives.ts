import { type Dashboard, headLink } from "../dashboard.ts"
import { series } from "../names.ts"
import {
  badShare,
  burnSpeeds,
  burnThreshold,
  END_WITHIN_SECONDS,
  type Objective,
  objectives,
  parkedAsItComes
} from "../objectives.ts"
import { heatmap, stat, text, timeseries } from "../panels.ts"
import { thresholds } from "../thresholds.ts"

const RANGE = "$__range"

/** How fast the budget burns: 1 is exactly as fast as it is given. */
const burnRate = (objective: Objective, window: string) =>
  `(${badShare(objective, window)})\n/ ${Number((1 - objective.target).toPrecision(6))}`

const kept = (objective: Objective) =>
  stat({
    title: objective.title,
    description: `${objective.promise}. How it was kept over the time range above; red is below the objective.`,
    width: 8,
    unit: "percentunit",
    decimals: 3,
    noValue: "nothing to judge in this range",
    queries: [{ expr: `1 - ${badShare(objective, RANGE)}`, legend: "kept" }],
    steps: { low: { alert: objective.target } }
  })

const left = (objective: Objective) =>
  stat({
    title: `${objective.title}: budget left`,
    description:
      "Of the bad events that the objective allows for as many events as there were in this range. Below 0 it is broken.",
    width: 4,
    unit: "percentunit",
    decimals: 0,
    noValue: "nothing to judge",
    queries: [{ expr: `1 - (${burnRate(objective, RANGE)})`, legend: "left" }],
    steps: { low: thresholds.budget }
  })

const events = (objective: Objective) =>
  stat({
    title: `${objective.title}: bad of all`,
    description: "Events in this range that broke the promise, and all that were judged.",
    width: 4,
    unit: "short",
    decimals: 0,
    noValue: "none",
    queries: [
      { expr: objective.bad(RANGE, parkedAsItComes), legend: "bad" },
      { expr: objective.all(RANGE, parkedAsItComes), legend: "all" }
    ]
  })

const burn = (objective: Objective) =>
  timeseries({
    title: `${objective.title}: burn rate`,
    description:
      `How many times too fast the budget is used: over an hour, which pages at ${burnSpeeds.fast.factor}, and over six, ` +
      `which opens a ticket at ${burnSpeeds.slow.factor}.`,
    width: 8,
    unit: "short",
    noValue: "nothing to judge in this range",
    queries: [burnSpeeds.fast, burnSpeeds.slow].map(({ long }) => ({ expr: burnRate(objective, long), legend: long })),
    steps: { notice: burnSpeeds.slow.factor, alert: burnSpeeds.fast.factor }
  })

const explained = objectives.map((objective) =>
  `- **${objective.title}**: ${objective.promise}. Pages at ${
    (burnThreshold(objective, "fast") * 100).toFixed(2)
  } % bad ` +
  `over ${burnSpeeds.fast.long} and ${burnSpeeds.fast.short}.`
).join("\n")

export const objectivesDashboard: Dashboard = {
  uid: "surety-objectives",
  title: "Objectives",
  description: "What is promised, how well it was kept, and how fast the budget for the rest is used up.",
  from: "now-6h",
  links: [headLink("Saga overview", "surety-saga-overview")],
  rows: [
    { title: "Kept, over the time range above", panels: objectives.map(kept) },
    { title: "Budgets, over the time range above", panels: objectives.flatMap((each) => [left(each), events(each)]) },
    { title: "How fast they burn", panels: objectives.map(burn) },
    {
      title: "How long orders take",
      panels: [
        heatmap({
          title: "From acceptance to end",
          description: `Orders by how long they took; what is above ${END_WITHIN_SECONDS} s breaks the promise.`,
          width: 16,
          unit: "s",
          noValue: "no orders yet",
          queries: [{
            expr: `sum by (le) (increase(${
              series("saga.order.duration", { "saga.outcome": ["completed", "failed"] }, "bucket")
            }[$__rate_interval]))`,
            legend: "{{le}}"
          }]
        }),
        text({
          title: "What is promised",
          description: "The objectives and where their alerts begin.",
          markdown:
            `${explained}\n\nBelow ${burnSpeeds.fast.events_min} events in the long window no alert judges a share.`
        })
      ]
    }
  ]
}
