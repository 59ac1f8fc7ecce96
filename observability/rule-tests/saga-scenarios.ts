import { counter, gauge, type Scenario } from "./scenario.ts"

const oldest = (instance: string) =>
  `saga_ledger_oldest_age_seconds{service_name="orchestrator", instance="${instance}"}`
const violations = (invariant: string) => `correctness_violations{correctness_invariant="${invariant}"}`
const parked = (reason: string) => `saga_ledger_parked{saga_parked_reason="${reason}"}`
const polls = (error: string) => `saga_poll_duration_seconds_count{error_type="${error}"}`
const attempts = (direction: string, result: string) =>
  `saga_step_attempts_total{saga_step="inventory.reserve", saga_step_direction="${direction}", saga_step_result="${result}"}`
const findings = (kind: string, state: string) =>
  `reconciliation_findings{reconciliation_kind="${kind}", reconciliation_state="${state}"}`
const lookAge = (instance: string) => `reconciliation_look_age_seconds{instance="${instance}"}`
const lost = (what: string) => `otelcol_${what}_total{exporter="otlp_http/traces"}`
const heartbeat = (service: string) => `nodejs_eventloop_delay_p99_seconds{service_name="${service}"}`

/** An interval is 15 seconds: eight of them are two minutes. */
export const sagaScenarios: ReadonlyArray<Scenario> = [
  {
    alert: "CorrectnessViolated",
    name: "one row too many is one alert, a minute later; the invariants that hold are silent",
    input: { [violations("oversell")]: gauge([0, 8], [1, 40]), [violations("orphan_hold")]: gauge([0, 48]) },
    firing: { "2m45s": 0, "3m": 1, "10m": 1 }
  },
  {
    alert: "SagaStalled",
    name: "an order that has been due for exactly 5 minutes is not stalled yet",
    input: { [oldest("a")]: gauge([300, 80]), [oldest("b")]: gauge([0, 80]) },
    firing: { "15m": 0 }
  },
  {
    alert: "SagaStalled",
    name: "due for longer than 5 minutes, as one orchestrator of two sees it, for two minutes",
    input: { [oldest("a")]: gauge([0, 8], [301, 60]), [oldest("b")]: gauge([0, 68]) },
    firing: { "3m45s": 0, "4m": 1 }
  },
  {
    alert: "SagaOrchestratorNotPolling",
    name: "polls that stop after five minutes are missed four minutes later",
    input: { [polls("none")]: counter([30, 20], [0, 60]) },
    firing: { "8m30s": 0, "9m": 1 }
  },
  {
    alert: "SagaOrchestratorNotPolling",
    name: "polls that fail are no polls",
    input: { [polls("none")]: counter([0, 60]), [polls("database")]: counter([30, 60]) },
    firing: { "10m": 1 }
  },
  {
    alert: "SagaOrchestratorNotPolling",
    name: "an orchestrator that never was is missed too",
    input: {},
    firing: { "1m45s": 0, "2m": 1 }
  },
  {
    alert: "SagaOrchestratorNotPolling",
    name: "rare polls are polls",
    input: { [polls("none")]: counter([0.15, 80]) },
    firing: { "15m": 0 }
  },
  {
    alert: "SagaCompensationFailing",
    name: "six undos that fail at once",
    input: { [attempts("compensation", "unknown")]: `${gauge([0, 60])} ${gauge([6, 60])}` },
    firing: { "16m45s": 0, "17m": 1 }
  },
  {
    alert: "SagaCompensationFailing",
    name: "steadily more than five in ten minutes, of every bad kind together",
    input: {
      [attempts("compensation", "unknown")]: counter([0.045, 120]),
      [attempts("compensation", "refused")]: counter([0.045, 120]),
      [attempts("compensation", "stuck")]: counter([0.045, 120])
    },
    firing: { "25m": 1 }
  },
  {
    alert: "SagaCompensationFailing",
    name: "fewer than five in ten minutes, and what fails forward, are silent",
    input: {
      [attempts("compensation", "unknown")]: counter([0.115, 120]),
      [attempts("compensation", "done")]: counter([10, 120]),
      [attempts("forward", "unknown")]: counter([10, 120])
    },
    firing: { "25m": 0 }
  },
  {
    alert: "SagaRetryStorm",
    name: "21 % without an answer, for five minutes",
    input: { [attempts("forward", "unknown")]: counter([21, 60]), [attempts("forward", "done")]: counter([79, 60]) },
    firing: { "5m": 0, "5m15s": 1 }
  },
  {
    alert: "SagaRetryStorm",
    name: "19 % without an answer",
    input: { [attempts("forward", "unknown")]: counter([19, 60]), [attempts("forward", "done")]: counter([81, 60]) },
    firing: { "14m": 0 }
  },
  {
    alert: "SagaRetryStorm",
    name: "30 % of 52 attempts in five minutes",
    input: {
      [attempts("forward", "unknown")]: counter([0.78, 80]),
      [attempts("forward", "done")]: counter([1.82, 80])
    },
    firing: { "18m": 1 }
  },
  {
    alert: "SagaRetryStorm",
    name: "30 % of 48 attempts are too few to speak of a share",
    input: {
      [attempts("forward", "unknown")]: counter([0.72, 80]),
      [attempts("forward", "done")]: counter([1.68, 80])
    },
    firing: { "18m": 0 }
  },
  {
    alert: "OrdersParked",
    name: "one order that waits for a person for five minutes; a reason without orders is silent",
    input: { [parked("no_answer")]: gauge([0, 8], [1, 60]), [parked("refused")]: gauge([0, 68]) },
    firing: { "6m45s": 0, "7m": 1 }
  },
  {
    alert: "FindingsParked",
    name: "one finding that waits for a person for five minutes; what is being repaired is silent",
    input: {
      [findings("wrong_amount", "parked")]: gauge([0, 8], [1, 60]),
      [findings("double_hold", "parked")]: gauge([0, 68]),
      [findings("double_hold", "open")]: gauge([3, 68])
    },
    firing: { "6m45s": 0, "7m": 1 }
  },
  {
    alert: "ReconciliationStopped",
    name: "the last look was exactly five minutes ago",
    input: { [lookAge("a")]: gauge([300, 80]) },
    firing: { "15m": 0 }
  },
  {
    alert: "ReconciliationStopped",
    name: "the last look was more than five minutes ago, for two minutes, whichever orchestrator says so",
    input: { [lookAge("a")]: gauge([10, 8], [301, 60]), [lookAge("b")]: gauge([10, 68]) },
    firing: { "3m45s": 0, "4m": 1 }
  },
  {
    alert: "TelemetryPipelineDropping",
    name: "one span lost by a service every two seconds, for five minutes",
    input: { [`telemetry_lost_total{service_name="orders", telemetry_signal="traces"}`]: counter([0, 7], [7.5, 60]) },
    firing: { "6m45s": 0, "7m": 1 }
  },
  {
    alert: "TelemetryPipelineDropping",
    name: "one span lost by the collector every two seconds, for five minutes",
    input: { [lost("exporter_send_failed_spans")]: counter([0, 7], [7.5, 60]) },
    firing: { "6m45s": 0, "7m": 1 }
  },
  {
    alert: "TelemetryPipelineDropping",
    name: "what was lost long ago, and what arrives, is silent",
    input: { [lost("receiver_refused_log_records")]: "9x60", [lost("receiver_accepted_spans")]: counter([9, 60]) },
    firing: { "14m": 0 }
  },
  {
    alert: "ServiceSilent",
    name: "the last report is more than three minutes old, for two minutes; the others report",
    input: { [heartbeat("orders")]: `${gauge([1, 41])} _x320`, [heartbeat("payment")]: gauge([1, 361]) },
    firing: { "15m": 0, "15m15s": 1, "85m": 0 }
  }
]
