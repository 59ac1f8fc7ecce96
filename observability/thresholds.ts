/**
 * From where on something is wrong. Alert rules fire at these, dashboards turn red at these; nowhere else does a number say
 * so. Each is tested: a rule that fires at another one fails its unit test.
 */
export const thresholds = {
  /** Seconds that the oldest due order has been due. An idle orchestrator polls twice a second. */
  oldest_due_seconds: { notice: 60, alert: 300, for: "2m" },
  /** Polls that succeeded, in two minutes, of all orchestrators together. */
  polls: { window: "2m", seconds: 120, below: 1, for: "2m" },
  /** Undos without a definite answer, or refused. One lost answer is an ordinary event; so many are not. */
  failed_undos: { window: "10m", above: 5, for: "2m" },
  /** The share of attempts that got no definite answer, where there were enough of them to speak of a share. */
  retries: { window: "5m", notice: 0.05, share: 0.2, attempts: 50, for: "5m" },
  /** Orders that wait for a person. */
  parked: { above: 0, for: "5m" },
  /** Rows that break an invariant. */
  violations: { above: 0, for: "1m" },
  /** Findings of reconciliation that wait for a person. */
  findings: { above: 0, for: "5m" },
  /** Seconds since the books were last compared; every ten seconds is usual. */
  look_age: { notice: 60, alert: 300, for: "2m" },
  /** Spans, log lines and metric exports a second that went nowhere. */
  lost_telemetry: { window: "5m", above: 0, for: "5m", visible: 0.001 },
  /** A service counts as known when it has reported within `known`, as silent when its last report is so many seconds old. */
  silence: { known: "1h", notice: 60, above: 180, for: "2m" },
  /** Share of server errors, of requests of any service; the edge has an objective of its own. */
  server_errors: { notice: 0.001, alert: 0.01 },
  /** Seconds; a request's 95th percentile. */
  request_seconds: { notice: 0.5, alert: 2.5 },
  /** Seconds; a statement's 95th percentile. */
  statement_seconds: { notice: 0.05, alert: 0.5 },
  /** Seconds; what nothing else can run in. */
  event_loop_seconds: { notice: 0.1, alert: 0.5 },
  /** Share of one core; a service is one process with one thread that matters. */
  cpu: { notice: 0.7, alert: 0.9 },
  /** Bytes; a container may use 512 MB. */
  heap_bytes: { notice: 300e6, alert: 400e6 },
  /** Statements that failed in the time range; a few are repeated ones. */
  failed_statements: { notice: 1, alert: 100 },
  /** Services that should report. */
  services: { alert: 1, notice: 5 },
  /** Of a single order: attempts again, workers that died on it, turns back. */
  order: { again: { notice: 1, alert: 5 }, taken_over: { notice: 1, alert: 3 }, turned_back: { notice: 1, alert: 2 } },
  /** Of a budget that is left. */
  budget: { alert: 0, notice: 0.25 },
  /** Time series a service, a histogram counting once; more is a label with too many values. */
  series: { notice: 300, alert: 400 }
} as const
