import type { Alert } from "./alert.ts"
import { burnAlerts } from "./burn-alerts.ts"
import { label } from "./names.ts"
import {
  attempts,
  failedUndos,
  lookAge,
  lostTelemetry,
  oldestDue,
  parkedByReason,
  parkedFindings,
  polls,
  retryShare,
  silence,
  violationsByInvariant
} from "./queries.ts"
import { thresholds } from "./thresholds.ts"

const {
  failed_undos,
  findings,
  look_age,
  lost_telemetry,
  oldest_due_seconds,
  parked,
  polls: polling,
  retries,
  silence: silent,
  violations
} = thresholds

const sagaAlerts: ReadonlyArray<Alert> = [
  {
    name: "CorrectnessViolated",
    expr: `${violationsByInvariant} > ${violations.above}`,
    for: violations.for,
    severity: "page",
    summary: `{{ $value }} rows break the invariant {{ $labels.${label("correctness.invariant")} }}`,
    description:
      "Money or stock may be wrong, which no other alert says. Pause claiming (PUT /claiming on the orchestrator) so that " +
      "nothing adds to it, keep the logs, and find the rows by the query of the invariant in the runbook.",
    dashboard: "surety-saga-overview"
  },
  {
    name: "SagaStalled",
    expr: `${oldestDue} > ${oldest_due_seconds.alert}`,
    for: oldest_due_seconds.for,
    severity: "page",
    summary: "An order has been due for {{ $value | humanizeDuration }} and nobody takes it on",
    description:
      "Look whether orchestrators poll, whether claiming is paused (GET /claiming), and what the newest saga.trouble in the " +
      "log says. Customers wait; nothing is lost.",
    dashboard: "surety-saga-overview"
  },
  {
    name: "SagaOrchestratorNotPolling",
    expr: `${polls(polling.window)} < ${polling.below}`,
    for: polling.for,
    severity: "page",
    summary: `No orchestrator has looked for due orders for more than ${polling.window}`,
    description:
      "Orders are accepted and none goes on. Start an orchestrator, or see in its log why its database does not answer; " +
      "whatever it held is taken over when its leases expire.",
    dashboard: "surety-saga-overview"
  },
  {
    name: "SagaCompensationFailing",
    expr: `${failedUndos(failed_undos.window)} > ${failed_undos.above}`,
    for: failed_undos.for,
    severity: "page",
    summary: `{{ $value | humanize }} undos failed within ${failed_undos.window}`,
    description:
      "Money or stock stays held for orders that have already failed. See which step it is and whether its service or the " +
      "payment provider answers; undos are repeated by themselves and park when their budget is spent.",
    dashboard: "surety-saga-overview"
  },
  {
    name: "SagaRetryStorm",
    expr: `${retryShare(retries.window)} > ${retries.share}\nand\n${attempts(retries.window)} >= ${retries.attempts}`,
    for: retries.for,
    severity: "ticket",
    summary: "{{ $value | humanizePercentage }} of the attempts at steps get no definite answer",
    description:
      "A neighbour is slow or away, and orders wait for their next attempt. See which step, then that service's errors and " +
      "latency; orders go on by themselves when it is back.",
    dashboard: "surety-services"
  },
  {
    name: "OrdersParked",
    expr: `${parkedByReason} > ${parked.above}`,
    for: parked.for,
    severity: "ticket",
    summary: `{{ $value }} orders wait for a person: {{ $labels.${label("saga.parked.reason")} }}`,
    description:
      "Nothing will happen to them by itself. GET /sagas?parked=true on the orchestrator lists them with their last error; " +
      "retry, resolve or compensate each.",
    dashboard: "surety-saga-overview"
  },
  {
    name: "FindingsParked",
    expr: `${parkedFindings} > ${findings.above}`,
    for: findings.for,
    severity: "ticket",
    summary: `{{ $value }} findings wait for a person: {{ $labels.${label("reconciliation.kind")} }}`,
    description:
      "The books of ledger, payments, provider, orders or stock do not fit together, and there is more than one way to put " +
      "that right. GET /reconciliation/findings?state=PARKED on the orchestrator lists what was seen; close or retry each.",
    dashboard: "surety-saga-overview"
  },
  {
    name: "ReconciliationStopped",
    expr: `${lookAge} > ${look_age.alert}`,
    for: look_age.for,
    severity: "ticket",
    summary: "The books were last compared {{ $value | humanizeDuration }} ago",
    description:
      "Orders go on, but money or stock that is where it should not be stays unseen. The newest reconciliation.trouble in the " +
      "orchestrator's log says why: mostly the provider does not answer, or its key may not list payments.",
    dashboard: "surety-saga-overview"
  },
  {
    name: "TelemetryPipelineDropping",
    expr: `(${lostTelemetry(lost_telemetry.window)}) > ${lost_telemetry.above}`,
    for: lost_telemetry.for,
    severity: "ticket",
    summary: "{{ $value | humanize }} spans, log lines or metric exports are lost a second",
    description:
      "Orders are not touched, but dashboards, alerts and traces have gaps: do not trust a quiet one. See whether services " +
      "or the collector lose it, then the collector's log and the disk of its volume.",
    dashboard: "surety-telemetry-pipeline"
  },
  {
    name: "ServiceSilent",
    expr: `(${silence}) > ${silent.above}`,
    for: silent.for,
    severity: "ticket",
    summary: `{{ $labels.${label("service.name")} }} has not reported for {{ $value | humanizeDuration }}`,
    description:
      "It has stopped, hangs, or cannot reach the collector. Ask its /health; what it did not report is in no dashboard.",
    dashboard: "surety-telemetry-pipeline"
  }
]

/** Every alert there is, the one first that must never fire. */
export const alerts: ReadonlyArray<Alert> = [...sagaAlerts, ...burnAlerts]
