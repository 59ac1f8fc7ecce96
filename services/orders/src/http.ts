import type { Traceparents } from "@surety/contracts/manners"
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
import { traceOrders, type Verb } from "./trace-orders.ts"

/** A set's outcomes as its answer, in the order they were asked for, and each in its order's trace. */
const asResults =
  (verb: Verb, ids: ReadonlyArray<OrderId>, traceparents: Traceparents | undefined) =>
  <Problem>(outcomes: Effect.Effect<ReadonlyArray<Outcome<Problem>>>) =>
    Effect.map(traceOrders(verb, ids, traceparents, outcomes), (all) => ({
      results: all.map((outcome, place) => resultOf(ids[place]!, outcome))
    }))

export const orderRecords = HttpApiBuilder.group(
  OrdersApi,
  "orders",
  Effect.fn(function*(handlers) {
    const store = yield* OrderStore
    return handlers.handleAll({
      create: ({ payload }) => createOrder(store, payload),
      createSet: ({ payload: { items, traceparents } }) =>
        createOrders(store, items).pipe(asResults("create order", idsOf(items), traceparents)),
      byId: ({ params }) => readOrder(store, params.order_ledger_id),
      confirm: ({ params }) => confirmOrder(store, params.order_ledger_id),
      confirmSet: ({ payload: { items, traceparents } }) =>
        confirmOrders(store, items).pipe(asResults("confirm order", items, traceparents)),
      cancel: ({ params, payload }) => cancelOrder(store, { ...params, ...payload }),
      cancelSet: ({ payload: { items, traceparents } }) =>
        cancelOrders(store, items).pipe(asResults("cancel order", idsOf(items), traceparents))
    })
  })
)
