import { collectorMetrics, fine, label, series } from "./names.ts"
import { thresholds } from "./thresholds.ts"

/**
 * What rules and dashboards both ask, in PromQL. Every orchestrator measures the one ledger, so gauges of the ledger are the
 * greatest of what they say, counters the sum of what each of them did.
 */

/** Seconds that the oldest due order has been due. */
export const oldestDue = `max(${series("saga.ledger.oldest_age")})`

/** Orders that wait for a person, by reason. */
export const parkedByReason = `max by (${label("saga.parked.reason")}) (${series("saga.ledger.parked")})`
export const parked = `sum(${parkedByReason})`

/** Orders that have not ended, by status. */
export const inFlightByStatus = `max by (${label("saga.status")}) (${series("saga.ledger.orders")})`
export const inFlight = `sum(${inFlightByStatus})`

/** Rows that break an invariant, by invariant. */
export const violationsByInvariant = `max by (${label("correctness.invariant")}) (${series("correctness.violations")})`
export const violations = `max(${series("correctness.violations")})`

/** What does not fit together in the books, by kind and whether it is being repaired or waits for a person. */
export const findingsByKind = `max by (${label("reconciliation.kind")}, ${label("reconciliation.state")}) (${
  series("reconciliation.findings")
})`
export const parkedFindings = `max by (${label("reconciliation.kind")}) (${
  series("reconciliation.findings", { "reconciliation.state": "parked" })
})`

/** Seconds since the books were last compared, whoever did it. */
export const lookAge = `max(${series("reconciliation.look.age")})`

/** Polls that succeeded within `window`; 0 also where no orchestrator has ever reported. */
export const polls = (window: string) =>
  `(sum(increase(${series("saga.poll.duration", { "error.type": fine }, "count")}[${window}])) or vector(0))`

/** Undos that were refused, stuck or unanswered within `window`. */
export const failedUndos = (window: string) => {
  const bad = series("saga.step.attempts", {
    "saga.step.direction": "compensation",
    "saga.step.result": ["refused", "unknown", "stuck"]
  })
  return `sum(increase(${bad}[${window}]))`
}

/** Attempts at steps within `window`, and the share of them that got no definite answer and is tried again. */
export const attempts = (window: string) => `sum(increase(${series("saga.step.attempts")}[${window}]))`
export const retryShare = (window: string) =>
  `sum(rate(${series("saga.step.attempts", { "saga.step.result": "unknown" })}[${window}]))
/
sum(rate(${series("saga.step.attempts")}[${window}]))`

/** Telemetry a second that services could not send, and that the collector refused or could not pass on. */
export const lostOnTheWay = (window: string) => `sum(rate(${series("telemetry.lost")}[${window}]))`
export const lostByCollector = (window: string) => `sum(rate(${collectorMetrics.lost}[${window}]))`
export const lostTelemetry = (window: string) =>
  `(${lostOnTheWay(window)} or vector(0)) + (${lostByCollector(window)} or vector(0))`

const heartbeat = `timestamp(${series("nodejs.eventloop.delay.p99")})`

/** Seconds since each service last reported, of those that reported within the last five minutes. */
export const reportAge = `time() - max by (${label("service.name")}) (${heartbeat})`

/** The same of all that reported within `thresholds.silence.known`, to a minute. */
export const silence = `time() - max by (${label("service.name")}) (
  max_over_time(${heartbeat}[${thresholds.silence.known}:1m])
)`
