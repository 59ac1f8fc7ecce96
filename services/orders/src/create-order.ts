import type { CreateOrder, OrderRecord } from "@surety/contracts/orders-api"
import type { StateConflict } from "@surety/contracts/problems"
import type { OrderLine } from "@surety/domain/order"
import { Effect, Result } from "effect"
import { idsOf, type OrderStore } from "./order-store.ts"
import { onlyOne, type Outcome, refusedAt } from "./outcome.ts"

/** Records a set of orders; one that is there already and the same is done, however often it is asked for. */
export const createOrders = Effect.fn("createOrders")(
  function*(store: OrderStore["Service"], orders: ReadonlyArray<CreateOrder>) {
    const inserted = yield* store.insertMissing(orders)
    const standing = yield* store.read(idsOf(orders).filter((id) => !inserted.has(id)))
    return orders.map((order) => {
      const first = inserted.get(order.order_ledger_id)
      if (first === order) return Result.succeed("PENDING" as const)
      return judge(order, first === undefined ? standing.get(order.order_ledger_id)! : { ...first, status: "PENDING" })
    })
  }
)

export const createOrder = (store: OrderStore["Service"], order: CreateOrder) =>
  onlyOne(store, order.order_ledger_id, createOrders(store, [order]))

type Standing = Omit<OrderRecord, "created_at" | "updated_at">

const judge = (order: CreateOrder, record: Standing): Outcome<StateConflict> => {
  if (record.status === "CANCELLED") {
    return refusedAt(record.status, "cancelled", "this order was cancelled and cannot be created any more")
  }
  if (!isSame(order, record)) {
    return refusedAt(record.status, "different_order", "this id belongs to an order with other contents")
  }
  return Result.succeed(record.status)
}

const isSame = (order: CreateOrder, record: Standing): boolean =>
  order.user_id === record.user_id && order.email === record.email && order.currency === record.currency &&
  order.total_cents === record.total_cents && inOneOrder(order.items) === inOneOrder(record.items ?? [])

/** Which line comes first says nothing about the order. */
const inOneOrder = (items: ReadonlyArray<OrderLine>): string =>
  items.map((item) => `${item.product_id} ${item.quantity} ${item.unit_price_cents}`).toSorted().join()
