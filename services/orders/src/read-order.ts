import type { OrderId } from "@surety/domain/ids"
import { Effect } from "effect"
import { noSuchOrder } from "./confirm-order.ts"
import type { OrderStore } from "./order-store.ts"

/** One order's record, or OrderNotFound; a cancellation that came before its order has a record too. */
export const readOrder = Effect.fn("readOrder")(function*(store: OrderStore["Service"], id: OrderId) {
  const record = (yield* store.read([id])).get(id)
  return record ?? (yield* noSuchOrder(id))
})
