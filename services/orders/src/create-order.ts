import type { CreateOrder, OrderRecord } from "@surety/contracts/orders-api"
import type { StateConflict } from "@surety/contracts/problems"
import type { OrderLine } from "@surety/domain/order"
import { Effect, Result } from "effect"
import type { OrderStore } from "./order-store.ts"
import { onlyOne, type Outcome, refusedAt } from "./outcome.ts"

/** Records a set of orders; one that is there already and the same is done, however often it is asked for. */
export const createOrders = Effect.fn("createOrders")(
  function*(store: OrderStore["Service"], orders: ReadonlyArray<CreateOrder>) {
    const records = yield* store.insertMissing(orders)
    return orders.map((order) => judge(order, records.get(order.order_ledger_id)!))
  }
)

export const createOrder = (store: OrderStore["Service"], order: CreateOrder) =>
  Effect.flatMap(createOrders(store, [order]), onlyOne)

const judge = (order: CreateOrder, record: OrderRecord): Outcome<StateConflict> => {
  if (record.status === "CANCELLED") {
    return refusedAt(record, "cancelled", "this order was cancelled and cannot be created any more")
  }
  if (!isSame(order, record)) {
    return refusedAt(record, "different_order", "this id belongs to an order with other contents")
  }
  return Result.succeed(record)
}

const isSame = (order: CreateOrder, record: OrderRecord): boolean =>
  order.user_id === record.user_id && order.email === record.email && order.currency === record.currency &&
  order.total_cents === record.total_cents && inOneOrder(order.items) === inOneOrder(record.items ?? [])

/** Which line comes first says nothing about the order. */
const inOneOrder = (items: ReadonlyArray<OrderLine>): string =>
  items.map((item) => `${item.product_id} ${item.quantity} ${item.unit_price_cents}`).toSorted().join()
