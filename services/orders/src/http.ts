import { OrdersApi } from "@surety/contracts/orders-api"
import type { OrderId } from "@surety/domain/ids"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { cancelOrder, cancelOrders } from "./cancel-order.ts"
import { confirmOrder, confirmOrders } from "./confirm-order.ts"
import { createOrder, createOrders } from "./create-order.ts"
import { idsOf, OrderStore } from "./order-store.ts"
import { type Outcome, resultOf } from "./outcome.ts"
import { readOrder } from "./read-order.ts"

/** A set's outcomes as its answer, in the order they were asked for. */
const asResults = (ids: ReadonlyArray<OrderId>) =>
  Effect.map((outcomes: ReadonlyArray<Outcome<unknown>>) => ({
    results: outcomes.map((outcome, place) => resultOf(ids[place]!, outcome))
  }))

export const orderRecords = HttpApiBuilder.group(
  OrdersApi,
  "orders",
  Effect.fn(function*(handlers) {
    const store = yield* OrderStore
    return handlers.handleAll({
      create: ({ payload }) => createOrder(store, payload),
      createSet: ({ payload: { items } }) => createOrders(store, items).pipe(asResults(idsOf(items))),
      byId: ({ params }) => readOrder(store, params.order_ledger_id),
      confirm: ({ params }) => confirmOrder(store, params.order_ledger_id),
      confirmSet: ({ payload: { items } }) => confirmOrders(store, items).pipe(asResults(items)),
      cancel: ({ params, payload }) => cancelOrder(store, { ...params, ...payload }),
      cancelSet: ({ payload: { items } }) => cancelOrders(store, items).pipe(asResults(idsOf(items)))
    })
  })
)
