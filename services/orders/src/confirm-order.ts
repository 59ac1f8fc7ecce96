import type { OrderRecord } from "@surety/contracts/orders-api"
import { OrderNotFound, type StateConflict } from "@surety/contracts/problems"
import type { OrderId } from "@surety/domain/ids"
import { Effect, Result } from "effect"
import type { OrderStore } from "./order-store.ts"
import { onlyOne, type Outcome, refusedAt } from "./outcome.ts"

/** Confirms a set of orders; one that is confirmed already is done. */
export const confirmOrders = Effect.fn("confirmOrders")(
  function*(store: OrderStore["Service"], ids: ReadonlyArray<OrderId>) {
    const confirmed = yield* store.confirmPending(ids)
    const standing = yield* store.read(ids.filter((id) => !confirmed.has(id)))
    return ids.map((id) => confirmed.has(id) ? Result.succeed("CONFIRMED" as const) : judge(id, standing.get(id)))
  }
)

export const confirmOrder = (store: OrderStore["Service"], id: OrderId) =>
  onlyOne(store, id, confirmOrders(store, [id]))

const judge = (id: OrderId, record: OrderRecord | undefined): Outcome<OrderNotFound | StateConflict> => {
  if (record === undefined) return Result.fail({ reason: "not_found", problem: noSuchOrder(id) })
  if (record.status === "CANCELLED") {
    return refusedAt(record.status, "cancelled", "this order was cancelled and cannot be confirmed any more")
  }
  return Result.succeed(record.status)
}

export const noSuchOrder = (id: OrderId): OrderNotFound =>
  new OrderNotFound({ order_ledger_id: id, detail: "no order was created under this id" })
