/**
 * Every name that leaves a process as telemetry: services emit by it, dashboards and alert rules are held against it, the
 * documentation is checked with it. Label values are closed sets, so that the number of series is known beforehand.
 */

/** Names of log events, constant bodies all; what varies is in attributes. */
export const logEvents = [
  "order.accepted",
  "order.replayed",
  "order.rejected",
  "saga.rescheduled",
  "saga.completed",
  "saga.failed",
  "saga.parked",
  "saga.recovered",
  "saga.fenced",
  "saga.trouble",
  "saga.step.retry",
  "saga.step.failed",
  "saga.compensation.started",
  "saga.compensation.completed",
  "saga.compensation.failed",
  "payment.authorized",
  "payment.captured",
  "payment.declined",
  "payment.unknown",
  "payment.voided",
  "payment.refunded",
  "inventory.reserved",
  "inventory.rejected",
  "inventory.released",
  "correctness.violated",
  "reconciliation.found",
  "reconciliation.repaired",
  "reconciliation.parked",
  "reconciliation.vanished",
  "service.started",
  "service.listening",
  "service.stopping",
  "service.stopped",
  "service.failed",
  "telemetry.lost"
] as const
export type LogEvent = (typeof logEvents)[number]

/** Attributes of spans and logs, of resources too; nothing else identifies an order. */
export const attributes = {
  order_id: "saga.order.id",
  status: "saga.status",
  replayed: "saga.idempotency.replayed",
  run_attempt: "saga.run.attempt",
  queue_wait: "saga.queue.wait",
  outcome: "saga.outcome",
  failure_reason: "saga.failure.reason",
  recovered: "saga.recovered",
  step: "saga.step",
  step_result: "saga.step.result",
  step_direction: "saga.step.direction",
  step_attempts: "saga.step.attempts",
  set_size: "saga.set.size",
  order_outcome: "orders.outcome",
  payment_outcome: "payment.outcome",
  inventory_outcome: "inventory.outcome",
  warehouse_id: "inventory.warehouse.id",
  candidates: "inventory.candidates",
  distance: "inventory.distance",
  finding_kind: "reconciliation.kind",
  error_type: "error.type"
} as const

/** The five services, by `service.name`, and the process that runs them all. */
export const services = ["edge-api", "orders", "inventory", "payment", "orchestrator"] as const

export const steps = [
  "payment.authorize",
  "orders.create",
  "inventory.reserve",
  "payment.capture",
  "orders.confirm"
] as const
export const directions = ["forward", "compensation"] as const
export const stepResults = ["done", "refused", "unknown", "stuck"] as const
export const sagaOutcomes = ["completed", "failed", "authorization_failed"] as const
/** Why an order was undone, coarsely; the exact reason is on its trace and in its log. */
export const failureReasons = [
  "none",
  "declined",
  "authorization_timed_out",
  "out_of_stock",
  "capture_refused",
  "no_answer",
  "operator",
  "other"
] as const
export const parkedReasons = ["refused", "no_answer", "stuck", "other"] as const
export const liveStatuses = [
  "AWAITING_AUTHORIZATION",
  "AUTHORIZED",
  "ORDER_CREATED",
  "INVENTORY_RESERVED",
  "PAYMENT_CAPTURED",
  "COMPENSATING"
] as const
export const paymentOperations = ["authorize", "capture", "void", "refund"] as const
export const paymentOutcomes = ["done", "refused", "unknown", "stuck"] as const
export const inventoryOperations = ["reserve", "commit", "release"] as const
export const inventoryOutcomes = ["done", "refused"] as const
export const invariants = [
  "oversell",
  "double_capture",
  "orphan_hold",
  "leaked_reservation",
  "stock_drift"
] as const

/** What reconciliation finds, and what stands of it; each kind has its paragraph in the runbook of parked findings. */
export const findingKinds = [
  "hold_without_order",
  "double_hold",
  "capture_without_record",
  "record_without_capture",
  "wrong_amount",
  "missing_refund",
  "payment_without_order",
  "leaked_reservation",
  "order_at_odds"
] as const
export const findingStates = ["open", "parked"] as const
/** `done`: seen to be right afterwards. `refused`: a definite no. `unknown`: no answer, or it did not help; tried again. */
export const repairResults = ["done", "refused", "unknown"] as const

export const signals = ["traces", "logs", "metrics"] as const

/** What goes wrong, as `error.type` has it: a status, or one of these. */
export const errorTypes = ["none", "timeout", "connection", "refused", "unknown", "busy", "database"] as const
