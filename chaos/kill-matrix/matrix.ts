import type { ServiceName } from "../cluster/links.ts"
import { claimed, completed, type Journey, refused, takenOver, turnedBack, unanswered, unheard } from "./journeys.ts"
import { local, type Point, remote } from "./points.ts"
import {
  edgeWrites,
  orchestratorWrites,
  orderWrites,
  paymentWrites,
  request,
  type Spot,
  stockWrites
} from "./statements.ts"

type Asked = "orders" | "inventory" | "payment"

/** A step of the saga: what the orchestrator asks of a service. */
const sagaStep = (step: string, callee: Asked, what: string, journey: Journey, records?: Spot) =>
  remote({
    step,
    journey,
    caller: "orchestrator",
    callee,
    asks: request(`orchestrator->${callee}`, what),
    ...(records === undefined ? {} : { records })
  })

/** What payment asks of the provider, and writes down. */
const atProvider = (step: string, what: string, journey: Journey, records: Spot) =>
  remote({ step, journey, caller: "payment", asks: request("payment->provider", what), records })

/** What the edge asks of payment. */
const byEdge = (step: string, what: string, journey: Journey, records: Spot) => {
  const callee: ServiceName = "payment"
  return remote({ step, journey, caller: "edge-api", callee, asks: request("edge-api->payment", what), records })
}

const { record } = orchestratorWrites
const INTENTS = "/v1/payment_intents"

export const remotePoints: ReadonlyArray<Point> = [
  ...byEdge("authorize", "POST /payments/authorizations/batch", completed, edgeWrites.settle),
  ...atProvider("authorize, at the provider", `POST ${INTENTS}`, completed, paymentWrites.record("AUTHORIZED")),
  ...byEdge("resolve", "GET /payments/by-reference/:id", unanswered, edgeWrites.settle),
  ...byEdge("give up", "POST /payments/voids/batch", unheard, edgeWrites.settle),
  ...sagaStep("create", "orders", "POST /orders/batch", completed, record("ORDER_CREATED")),
  ...sagaStep("reserve", "inventory", "POST /reservations/batch", completed, record("INVENTORY_RESERVED")),
  ...sagaStep("capture", "payment", "POST /payments/captures/batch", completed, record("PAYMENT_CAPTURED")),
  ...atProvider("capture, at the provider", `POST ${INTENTS}/:id/capture`, completed, paymentWrites.record("CAPTURED")),
  // The confirmation follows at once; both are recorded together.
  ...sagaStep("commit stock", "inventory", "POST /reservations/commitments/batch", completed),
  ...sagaStep("confirm", "orders", "POST /orders/confirmations/batch", completed, record("COMPLETED")),
  ...sagaStep(
    "release",
    "inventory",
    "POST /reservations/releases/batch",
    refused,
    record("COMPENSATING", "orders.create")
  ),
  ...sagaStep(
    "cancel",
    "orders",
    "POST /orders/cancellations/batch",
    refused,
    record("COMPENSATING", "payment.authorize")
  ),
  ...sagaStep("void", "payment", "POST /payments/voids/batch", refused, record("FAILED")),
  ...atProvider("void, at the provider", `POST ${INTENTS}/:id/cancel`, refused, paymentWrites.record("VOIDED")),
  ...sagaStep(
    "refund",
    "payment",
    "POST /payments/refunds/batch",
    turnedBack,
    record("COMPENSATING", "inventory.reserve")
  ),
  ...atProvider("refund, at the provider", "POST /v1/refunds", turnedBack, paymentWrites.recordRefund)
]

export const localPoints: ReadonlyArray<Point> = [
  ...local("edge: write the intent", "edge-api", completed, edgeWrites.insert),
  ...local("edge: take over", "edge-api", takenOver, edgeWrites.takeOver),
  ...local("edge: postpone", "edge-api", unanswered, edgeWrites.postpone),
  ...local("payment: write the intent", "payment", completed, paymentWrites.intend),
  ...local("payment: close a reference", "payment", unheard, paymentWrites.entomb),
  ...local("payment: record a refused capture", "payment", refused, paymentWrites.record("CAPTURE_REFUSED")),
  ...local("payment: write a refund's intent", "payment", turnedBack, paymentWrites.intendRefund),
  ...local("orders: insert", "orders", completed, orderWrites.insert),
  ...local("orders: confirm", "orders", completed, orderWrites.confirm),
  ...local("orders: cancel", "orders", refused, orderWrites.cancel),
  ...local("inventory: reserve", "inventory", completed, stockWrites.reserve),
  ...local("inventory: commit", "inventory", completed, stockWrites.settle),
  ...local("inventory: release", "inventory", refused, stockWrites.settle),
  ...local("orchestrator: claim", "orchestrator", claimed, orchestratorWrites.claim),
  ...local("orchestrator: turn back", "orchestrator", refused, record("COMPENSATING", "inventory.reserve")),
  ...local("orchestrator: an operator turns back", "orchestrator", turnedBack, orchestratorWrites.turnBack)
]

export const points: ReadonlyArray<Point> = [...remotePoints, ...localPoints]
