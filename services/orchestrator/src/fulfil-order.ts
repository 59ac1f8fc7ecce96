import { follows } from "@surety/domain/order-status"
import { saga } from "@surety/saga/definition"
import type { RetryPolicy } from "@surety/saga/retry"
import type { LedgerRow } from "./ledger-row.ts"
import type { Neighbours } from "./neighbours.ts"
import { orderSteps } from "./steps.ts"

/** The unit of patience, in milliseconds: 1 s in production, less where time is compressed. */
const patience = (unit: number, attempts_max: number): RetryPolicy => ({
  waits_millis: [unit, 4 * unit, 16 * unit, 64 * unit],
  then_every_millis: 300 * unit,
  attempts_max
})

/**
 * The page: every step of an order's journey, its undo, its patience.
 *
 *     AUTHORIZED ─▶ ORDER_CREATED ─▶ INVENTORY_RESERVED ─▶ PAYMENT_CAPTURED ─▶ COMPLETED
 *         └──────────────┴───────────────────┴─▶ COMPENSATING ─▶ FAILED
 */
export const fulfilOrder = (neighbours: Neighbours["Service"], retryUnitMillis: number) => {
  const steps = orderSteps(neighbours)
  /** About an hour: then the order turns back. */
  const patient = patience(retryUnitMillis, 16)
  /** About a day, the time a provider remembers a key: then a person looks. */
  const stubborn = patience(retryUnitMillis, 290)

  return saga<LedgerRow>()("order", {
    graph: follows,
    compensating: "COMPENSATING",
    failed: "FAILED",
    origin: { name: "payment.authorize", reached: "AUTHORIZED", undo: steps.voidPayments, retry: stubborn }
  })
    .compensatable("orders.create", {
      reaches: "ORDER_CREATED",
      act: steps.createOrders,
      undo: steps.cancelOrders,
      retry: patient
    })
    .compensatable("inventory.reserve", {
      reaches: "INVENTORY_RESERVED",
      act: steps.reserveStock,
      undo: steps.releaseStock,
      retry: patient
    })
    .pivot("payment.capture", {
      reaches: "PAYMENT_CAPTURED",
      act: steps.capturePayments,
      undo: steps.refundPayments,
      retry: stubborn
    })
    .retriable("orders.confirm", {
      reaches: "COMPLETED",
      act: steps.confirmOrders,
      retry: stubborn
    })
    .end()
}
