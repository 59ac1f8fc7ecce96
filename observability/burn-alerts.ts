import type { Alert } from "./alert.ts"
import {
  badShare,
  type BurnSpeed,
  burnSpeeds,
  burnThreshold,
  type Objective,
  objectives,
  PARKED_RECORDED,
  parkedAsItComes,
  parkedRecorded,
  recorded
} from "./objectives.ts"

const names: Readonly<Record<Objective["slug"], string>> = {
  endings: "FailureBudgetBurn",
  latency: "LatencyBurn",
  availability: "AvailabilityBurn"
}

const advice: Readonly<Record<Objective["slug"], string>> = {
  endings:
    "Orders are parked faster than persons bring them to an end. See why they park, and retry, resolve or compensate " +
    "them (GET /sagas?parked=true).",
  latency:
    "Orders take too long to end. See whether they wait for an orchestrator (queue wait) or for a step, and whose.",
  availability:
    "The edge answers 5xx, and customers cannot order. See which route, then the edge's log and its database."
}

const burnAlert = (objective: Objective, speed: BurnSpeed): Alert => {
  const { events_min, long, severity, short } = burnSpeeds[speed]
  const threshold = burnThreshold(objective, speed)
  const suffix = speed === "fast" ? "Fast" : "Slow"
  return {
    name: `${names[objective.slug]}${suffix}`,
    expr: [
      `${recorded(objective, "bad_ratio", long)} > ${threshold}`,
      `${recorded(objective, "bad_ratio", short)} > ${threshold}`,
      `${recorded(objective, "events", long)} >= ${events_min}`
    ].join("\nand\n"),
    for: burnSpeeds[speed].for,
    severity,
    summary: `{{ $value | humanizePercentage }} of ${long} broke the promise: ${objective.promise}`,
    description: `${advice[objective.slug]} At this pace a month's budget is gone in ${
      speed === "fast" ? "two days" : "five days"
    }.`,
    dashboard: "surety-objectives"
  }
}

/** An alert an objective and speed. */
export const burnAlerts: ReadonlyArray<Alert> = objectives.flatMap((objective) => [
  burnAlert(objective, "fast"),
  burnAlert(objective, "slow")
])

export interface Recording {
  readonly record: string
  readonly expr: string
}

/** What the alerts above read. */
export const recordings: ReadonlyArray<Recording> = [
  { record: PARKED_RECORDED, expr: parkedAsItComes.now },
  ...objectives.flatMap((objective) =>
    Object.values(burnSpeeds).flatMap(({ long, short }) => [
      ...[long, short].map((window) => ({
        record: recorded(objective, "bad_ratio", window),
        expr: badShare(objective, window, parkedRecorded)
      })),
      { record: recorded(objective, "events", long), expr: objective.all(long, parkedRecorded) }
    ])
  )
]
