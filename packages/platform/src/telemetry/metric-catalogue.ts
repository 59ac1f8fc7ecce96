import {
  directions,
  errorTypes,
  failureReasons,
  findingKinds,
  findingStates,
  invariants,
  inventoryOperations,
  inventoryOutcomes,
  liveStatuses,
  parkedReasons,
  paymentOperations,
  paymentOutcomes,
  repairResults,
  sagaOutcomes,
  type services,
  signals,
  stepResults,
  steps
} from "./catalogue.ts"

/** Every metric there is, with its labels; what emits one, draws one or alerts on one names it from here. */

const duration = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
const longDuration = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600]
const sizes = [1, 2, 4, 8, 16, 32, 64]

/** One metric as it is written below. */
export interface MetricEntry {
  readonly kind: "counter" | "gauge" | "histogram"
  /** UCUM, as OpenTelemetry has it. */
  readonly unit: string
  readonly description: string
  /** Label names with their closed sets of values; `open` ones are bounded elsewhere: routes, templates, statuses. */
  readonly labels: Readonly<Record<string, ReadonlyArray<string> | "open">>
  readonly boundaries?: ReadonlyArray<number>
  /** The services that emit it, whose series therefore begin at 0; without it, every service, as things happen. */
  readonly by?: ReadonlyArray<(typeof services)[number]>
}

export const metrics = {
  "http.server.request.duration": {
    kind: "histogram",
    unit: "s",
    description: "How long requests took to answer",
    labels: {
      "http.request.method": "open",
      "http.route": "open",
      "http.response.status_code": "open",
      "error.type": "open"
    },
    boundaries: duration
  },
  "http.client.request.duration": {
    kind: "histogram",
    unit: "s",
    description: "How long the answers of other services took",
    labels: {
      "http.request.method": "open",
      "url.template": "open",
      "http.response.status_code": "open",
      "error.type": "open"
    },
    boundaries: duration
  },
  "db.client.operation.duration": {
    kind: "histogram",
    unit: "s",
    description: "How long statements took, the wait for a connection included",
    labels: { "db.query.summary": "open", "error.type": "open" },
    boundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]
  },
  "saga.orders.accepted": {
    kind: "counter",
    unit: "{order}",
    description: "Orders whose payment was authorized",
    labels: {},
    by: ["edge-api"]
  },
  "saga.orders.completed": {
    kind: "counter",
    unit: "{order}",
    description: "Orders that ended, however they did",
    labels: { "saga.outcome": sagaOutcomes, "saga.failure.reason": failureReasons },
    by: ["edge-api", "orchestrator"]
  },
  "saga.order.duration": {
    kind: "histogram",
    unit: "s",
    description: "From the acceptance of an order to its end",
    labels: { "saga.outcome": sagaOutcomes },
    boundaries: longDuration,
    by: ["edge-api", "orchestrator"]
  },
  "saga.queue.wait": {
    kind: "histogram",
    unit: "s",
    description: "How long orders that were due waited for an orchestrator",
    labels: {},
    boundaries: longDuration,
    by: ["orchestrator"]
  },
  "saga.step.duration": {
    kind: "histogram",
    unit: "s",
    description: "How long one step took for one set",
    labels: { "saga.step": steps, "saga.step.direction": directions, "error.type": errorTypes },
    boundaries: duration,
    by: ["orchestrator"]
  },
  "saga.poll.duration": {
    kind: "histogram",
    unit: "s",
    description: "How long looking for due orders took",
    labels: { "error.type": errorTypes },
    boundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    by: ["orchestrator"]
  },
  "saga.step.attempts": {
    kind: "counter",
    unit: "{attempt}",
    description: "Attempts at steps, one for each order in a set",
    labels: { "saga.step": steps, "saga.step.direction": directions, "saga.step.result": stepResults },
    by: ["orchestrator"]
  },
  "saga.set.size": {
    kind: "histogram",
    unit: "{order}",
    description: "Orders a set",
    labels: { "saga.step": steps, "saga.step.direction": directions },
    boundaries: sizes,
    by: ["orchestrator"]
  },
  "saga.ledger.orders": {
    kind: "gauge",
    unit: "{order}",
    description: "Orders that have not ended, by status",
    labels: { "saga.status": liveStatuses },
    by: ["orchestrator"]
  },
  "saga.ledger.oldest_age": {
    kind: "gauge",
    unit: "s",
    description: "How long the oldest due order has been due",
    labels: {},
    by: ["orchestrator"]
  },
  "saga.ledger.parked": {
    kind: "gauge",
    unit: "{order}",
    description: "Orders that a person has to look at",
    labels: { "saga.parked.reason": parkedReasons },
    by: ["orchestrator"]
  },
  "saga.lease.expired": {
    kind: "counter",
    unit: "{order}",
    description: "Orders taken over from a worker that died or hung",
    labels: {},
    by: ["orchestrator"]
  },
  "saga.fence.rejected": {
    kind: "counter",
    unit: "{order}",
    description: "Late records of a worker that had lost its lease",
    labels: {},
    by: ["orchestrator"]
  },
  "saga.idempotency.replays": {
    kind: "counter",
    unit: "{request}",
    description: "Requests answered with a stored answer",
    labels: {},
    by: ["edge-api"]
  },
  "payment.operations": {
    kind: "counter",
    unit: "{operation}",
    description: "What was asked of payments and how it came out",
    labels: { "payment.operation": paymentOperations, "payment.outcome": paymentOutcomes },
    by: ["payment"]
  },
  "inventory.reservations": {
    kind: "counter",
    unit: "{reservation}",
    description: "What was asked of reservations and how it came out",
    labels: { "inventory.operation": inventoryOperations, "inventory.outcome": inventoryOutcomes },
    by: ["inventory"]
  },
  "correctness.violations": {
    kind: "gauge",
    unit: "{row}",
    description: "Rows that break an invariant; 0 always",
    labels: { "correctness.invariant": invariants },
    by: ["orchestrator"]
  },
  "reconciliation.findings": {
    kind: "gauge",
    unit: "{finding}",
    description: "What does not fit together in the books and is being repaired, or waits for a person",
    labels: { "reconciliation.kind": findingKinds, "reconciliation.state": findingStates },
    by: ["orchestrator"]
  },
  "reconciliation.repairs": {
    kind: "counter",
    unit: "{repair}",
    description: "Attempts to put right what was found",
    labels: { "reconciliation.kind": findingKinds, "reconciliation.result": repairResults },
    by: ["orchestrator"]
  },
  "reconciliation.compared": {
    kind: "counter",
    unit: "{payment}",
    description: "Orders and payments compared, each as often as it was looked at",
    labels: {},
    by: ["orchestrator"]
  },
  "reconciliation.look.age": {
    kind: "gauge",
    unit: "s",
    description: "How long ago the books were last compared",
    labels: {},
    by: ["orchestrator"]
  },
  "telemetry.lost": {
    kind: "counter",
    unit: "{item}",
    description: "Spans, log records and metric exports that no collector took",
    labels: { "telemetry.signal": signals }
  },
  "nodejs.eventloop.delay.p99": {
    kind: "gauge",
    unit: "s",
    description: "Delay of the event loop, 99th percentile",
    labels: {}
  },
  "v8js.memory.heap.used": { kind: "gauge", unit: "By", description: "Heap in use", labels: {} },
  "process.cpu.utilization": { kind: "gauge", unit: "1", description: "Share of one core in use", labels: {} }
} as const satisfies Record<string, MetricEntry>

export type MetricName = keyof typeof metrics

/** The name under which Prometheus has a metric: dots to underscores, the unit and `_total` at its end. */
export const prometheusName = (name: MetricName): string => {
  const { kind, unit } = metrics[name]
  const suffix = unit === "s" ? "_seconds" : unit === "By" ? "_bytes" : unit === "1" ? "_ratio" : ""
  return `${name.replaceAll(".", "_")}${suffix}${kind === "counter" ? "_total" : ""}`
}
