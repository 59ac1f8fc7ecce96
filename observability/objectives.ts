import { series } from "./names.ts"
import { parked } from "./queries.ts"

/** What is promised, how well it is kept, and how fast the budget for the rest is used up. */
export interface Objective {
  /** Part of the names of recorded series and alerts. */
  readonly slug: "endings" | "latency" | "availability"
  readonly title: string
  readonly promise: string
  /** The share that must be good. */
  readonly target: number
  /** Events within a window that were bad, and all of them, in PromQL; `from` is where parked orders are looked up. */
  readonly bad: (window: string, from: Parked) => string
  readonly all: (window: string, from: Parked) => string
}

/** Rules look parked orders up as a recorded series, which is cheap; dashboards, which must not need rules, as it comes. */
export interface Parked {
  readonly now: string
  readonly over: (window: string) => string
}
export const parkedAsItComes: Parked = {
  now: `(${parked} or vector(0))`,
  over: (window) => `(${parked} or vector(0))[${window}:1m]`
}
export const PARKED_RECORDED = "surety:ledger:parked"
export const parkedRecorded: Parked = { now: PARKED_RECORDED, over: (window) => `${PARKED_RECORDED}[${window}]` }

/** Orders within `window` whose payment had been authorized and that reached an end, paid or undone in full. */
const ended = (window: string) =>
  `sum(increase(${series("saga.orders.completed", { "saga.outcome": ["completed", "failed"] })}[${window}]))`

/** Orders parked since the window's best moment and still parked: one that a person brings to its end was not lost. */
const newlyParked = (window: string, from: Parked) => `clamp_min(${from.now} - min_over_time(${from.over(window)}), 0)`

/** Seconds within which an order should end; a boundary of the histogram. */
export const END_WITHIN_SECONDS = 30

const outcome = { "saga.outcome": ["completed", "failed"] } as const
const timed = (window: string) => `sum(increase(${series("saga.order.duration", outcome, "count")}[${window}]))`
const inTime = (window: string) =>
  `sum(increase(${series("saga.order.duration", { ...outcome, le: END_WITHIN_SECONDS }, "bucket")}[${window}]))`

const edge = { "service.name": "edge-api" } as const
const requests = (window: string) =>
  `sum(increase(${series("http.server.request.duration", edge, "count")}[${window}]))`
const serverErrors = (window: string) => {
  const errors = series("http.server.request.duration", {
    ...edge,
    "http.response.status_code": { like: "5.." }
  }, "count")
  return `(sum(increase(${errors}[${window}])) or vector(0))`
}

export const objectives: ReadonlyArray<Objective> = [
  {
    slug: "endings",
    title: "Orders end well",
    promise: "99.9 % of accepted orders end COMPLETED or are undone in full",
    target: 0.999,
    bad: newlyParked,
    all: (window, from) => `(${ended(window)} + ${newlyParked(window, from)})`
  },
  {
    slug: "latency",
    title: "Orders end soon",
    promise: `99 % of accepted orders end within ${END_WITHIN_SECONDS} s`,
    target: 0.99,
    bad: (window) => `(${timed(window)} - ${inTime(window)})`,
    all: timed
  },
  {
    slug: "availability",
    title: "The edge answers",
    promise: "99.9 % of the edge's requests are not answered with 5xx",
    target: 0.999,
    bad: serverErrors,
    all: requests
  }
]

/** The share of bad events within `window`; no value without events. */
export const badShare = ({ all, bad }: Objective, window: string, from = parkedAsItComes) =>
  `${bad(window, from)}\n/\n(${all(window, from)} > 0)`

/** A series that a recording rule keeps, so that alerts need not count six hours every time. */
export const recorded = ({ slug }: Objective, what: "bad_ratio" | "events", window: string) =>
  `surety:${slug}:${what}_${window}`

/**
 * Two speeds at which a budget of 30 days can burn, after Google's SRE workbook (Alerting on SLOs, chapter 5): 14.4 times too
 * fast uses 2 % of it in an hour, 6 times 5 % in six. The short window ends an alert soon after its cause. Below `events_min`
 * within the long window a single bad event would look like a fire; OrdersParked and SagaStalled see those.
 */
export const burnSpeeds = {
  fast: { factor: 14.4, long: "1h", short: "5m", for: "2m", severity: "page", events_min: 100 },
  slow: { factor: 6, long: "6h", short: "30m", for: "15m", severity: "ticket", events_min: 100 }
} as const
export type BurnSpeed = keyof typeof burnSpeeds

/** The share of bad events at which a budget burns at that speed. */
export const burnThreshold = ({ target }: Objective, speed: BurnSpeed): number =>
  Number((burnSpeeds[speed].factor * (1 - target)).toPrecision(6))
