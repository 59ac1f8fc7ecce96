/**
 * Time compressed, so that what takes minutes in production takes seconds under fire: one unit of patience is 20 ms
 * instead of 1 s, leases are 4 s instead of 15 and 30. What belongs together keeps its order: a lease is longer than the
 * call it covers, a call longer than what the service it asks may wait for its own database or provider. And nobody repairs
 * afterwards what went wrong: reconciliation would hide it from the verdict.
 */
export const quickened: Readonly<Record<string, string>> = {
  LOG_LEVEL: "Warn",
  OTEL_SDK_DISABLED: "true",
  DATABASE_ANSWER_TIMEOUT_MILLIS: "2500",
  PROVIDER_TIMEOUT_MILLIS: "800",
  PROVIDER_BREAKER_OPEN_MILLIS: "50",
  EDGE_CALL_TIMEOUT_MILLIS: "3000",
  EDGE_LEASE_MILLIS: "4000",
  EDGE_RESOLVE_EVERY_MILLIS: "100",
  EDGE_RETRY_UNIT_MILLIS: "20",
  SAGA_CALL_TIMEOUT_MILLIS: "3000",
  SAGA_LEASE_MILLIS: "4000",
  SAGA_RETRY_UNIT_MILLIS: "20",
  SAGA_IDLE_MILLIS: "50",
  SAGA_GATHER_MILLIS: "10",
  RECONCILE_EVERY_MILLIS: "86400000"
}
