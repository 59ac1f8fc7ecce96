import type { OrderRecord } from "@surety/contracts/orders-api"
import type { StateConflict } from "@surety/contracts/problems"
import { Effect, Result } from "effect"
import type { Cancellation, OrderStore } from "./order-store.ts"
import { onlyOne, type Outcome, refusedAt } from "./outcome.ts"

/**
 * The undo of createOrders: safe twice, and safe for an order that was never created, which then never will be. The
 * first reason stays.
 */
export const cancelOrders = Effect.fn("cancelOrders")(
  function*(store: OrderStore["Service"], cancellations: ReadonlyArray<Cancellation>) {
    const records = yield* store.cancelPendingOrUnknown(cancellations)
    return cancellations.map(({ order_ledger_id }) => judge(records.get(order_ledger_id)!))
  }
)

export const cancelOrder = (store: OrderStore["Service"], cancellation: Cancellation) =>
  onlyOne(store, cancellation.order_ledger_id, cancelOrders(store, [cancellation]))

const judge = (record: OrderRecord): Outcome<StateConflict> =>
  record.status === "CONFIRMED"
    ? refusedAt(record.status, "confirmed", "this order is confirmed and cannot be cancelled any more")
    : Result.succeed(record.status)
