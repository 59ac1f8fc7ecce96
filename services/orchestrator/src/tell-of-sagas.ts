import type { failureReasons } from "@surety/platform/telemetry/catalogue"
import { logEvent } from "@surety/platform/telemetry/event-logs"
import { count, observe } from "@surety/platform/telemetry/metrics"
import { expand, inTraceOf } from "@surety/platform/telemetry/trace-context"
import type { Change } from "@surety/saga/decide"
import type { Report } from "@surety/saga/watch"
import { Cause, Clock, Effect } from "effect"
import type { LedgerRow } from "./ledger-row.ts"

type FailureReason = (typeof failureReasons)[number]

/** Why an order was undone, in a word of the closed set; the exact reason is beside it in the log. */
const failureReasonOf = (reason: string | null): FailureReason => {
  if (reason === null) return "other"
  if (/^(insufficient_stock|no_single_warehouse)/.test(reason)) return "out_of_stock"
  if (reason.startsWith("capture_refused")) return "capture_refused"
  if (reason.endsWith("no answer")) return "no_answer"
  if (reason.endsWith("by an operator")) return "operator"
  return "other"
}

const endOf = (row: LedgerRow, change: Change) =>
  change.status === "COMPLETED"
    ? { "saga.outcome": "completed", "saga.failure.reason": "none" } as const
    : { "saga.outcome": "failed", "saga.failure.reason": failureReasonOf(change.reason ?? row.reason) } as const

const ended = Effect.fnUntraced(function*(row: LedgerRow, change: Change, about: Readonly<Record<string, string>>) {
  const end = endOf(row, change)
  yield* count("saga.orders.completed", end)
  const now = yield* Clock.currentTimeMillis
  yield* observe("saga.order.duration", Math.max(0, now - row.accepted_millis) / 1000, {
    "saga.outcome": end["saga.outcome"]
  })
  const reason = change.reason ?? row.reason ?? undefined
  if (end["saga.outcome"] === "completed") return yield* logEvent("saga.completed", { ...about, ...end })
  yield* logEvent("saga.compensation.completed", about)
  yield* logEvent("saga.failed", { ...about, ...end, reason })
})

const recorded = Effect.fnUntraced(function*(row: LedgerRow, step: string, change: Change) {
  const about = { "saga.order.id": row.id, "saga.status": change.status, "saga.step": step }
  const undoing = row.undoing !== null
  if (change.parked_reason !== null) {
    const reason = change.parked_reason
    if (undoing) yield* logEvent("saga.compensation.failed", { ...about, reason }, "Error")
    return yield* logEvent("saga.parked", { ...about, reason }, "Error")
  }
  if (change.ended) return yield* ended(row, change, about)
  if (change.attempts > 0) {
    const attempts = { ...about, "saga.step.attempts": change.attempts }
    yield* logEvent("saga.step.retry", { ...attempts, error: change.last_error ?? undefined }, "Warn")
    return yield* logEvent("saga.rescheduled", { ...attempts, wait_millis: change.wait_millis })
  }
  if (change.undoing !== null && !undoing) {
    const reason = change.reason ?? undefined
    yield* logEvent("saga.step.failed", { ...about, reason }, "Warn")
    yield* logEvent("saga.compensation.started", { ...about, reason })
  }
})

/** What happened, as logs and metrics tell it: ends, turns and troubles; a step that simply went well is on the trace. */
export const tellOfSagas = (report: Report<LedgerRow>): Effect.Effect<void> => {
  switch (report._tag) {
    case "Trouble":
      return Effect.andThen(
        Effect.logWarning("saga.trouble", { doing: report.doing, error: String(Cause.squash(report.cause)) }),
        Effect.logDebug("saga.trouble", report.cause)
      )
    case "Fenced":
      return Effect.andThen(
        count("saga.fence.rejected"),
        logEvent("saga.fenced", { "saga.order.id": report.row.id }, "Warn")
      ).pipe(inTraceOf(expand(report.row.trace_context)))
    case "Recorded":
      return recorded(report.row, report.step.name, report.change).pipe(inTraceOf(expand(report.row.trace_context)))
  }
}
