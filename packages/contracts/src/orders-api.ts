import { OrderId } from "@surety/domain/ids"
import { Cents, Currency } from "@surety/domain/money"
import { LINES_MAX, OrderLine, text } from "@surety/domain/order"
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiMiddleware, HttpApiSchema, OpenApi } from "effect/http-api"
import { setOf, setResults, strictly, Timestamp } from "./manners.ts"
import { OrderNotFound, StateConflict } from "./problems.ts"

export const OrderRecordStatus = Schema.Literals(["PENDING", "CONFIRMED", "CANCELLED"])
export type OrderRecordStatus = typeof OrderRecordStatus.Type

export const CreateOrder = Schema.Struct({
  order_ledger_id: OrderId,
  user_id: text(128),
  email: text(254),
  items: Schema.Array(OrderLine).check(Schema.isBetweenLength(1, LINES_MAX)),
  total_cents: Cents,
  currency: Currency
}).annotate({ identifier: "CreateOrder" })
export type CreateOrder = typeof CreateOrder.Type

/** A cancellation that came before its order left a record without contents: CANCELLED, and no order will follow. */
export const OrderRecord = Schema.Struct({
  order_ledger_id: OrderId,
  status: OrderRecordStatus,
  user_id: Schema.optionalKey(Schema.String),
  email: Schema.optionalKey(Schema.String),
  items: Schema.optionalKey(Schema.Array(OrderLine)),
  total_cents: Schema.optionalKey(Cents),
  currency: Schema.optionalKey(Schema.String),
  cancel_reason: Schema.optionalKey(Schema.String),
  created_at: Timestamp,
  updated_at: Timestamp
}).annotate({ identifier: "OrderRecord" })
export type OrderRecord = typeof OrderRecord.Type

export const CancelOrder = Schema.Struct({ reason: text(200) })
const CancelOrderInSet = Schema.Struct({ order_ledger_id: OrderId, reason: text(200) })

/** How one order of a set came out; `refused` is definite and nothing was changed. */
export const OrderRecordResult = Schema.Union([
  Schema.Struct({ order_ledger_id: OrderId, outcome: Schema.Literals(["done"]), status: OrderRecordStatus }),
  Schema.Struct({ order_ledger_id: OrderId, outcome: Schema.Literals(["refused"]), reason: Schema.String })
])
export type OrderRecordResult = typeof OrderRecordResult.Type

export class OrderRecordsGroup extends HttpApiGroup.make("orders")
  .add(
    HttpApiEndpoint.post("create", "/orders", {
      payload: CreateOrder,
      success: OrderRecord.pipe(HttpApiSchema.status(201)),
      error: StateConflict
    }),
    HttpApiEndpoint.post("createSet", "/orders/batch", {
      payload: setOf(CreateOrder),
      success: setResults(OrderRecordResult)
    }),
    HttpApiEndpoint.get("byId", "/orders/:order_ledger_id", {
      params: { order_ledger_id: OrderId },
      success: OrderRecord,
      error: OrderNotFound
    }),
    HttpApiEndpoint.post("confirm", "/orders/:order_ledger_id/confirmation", {
      params: { order_ledger_id: OrderId },
      success: OrderRecord,
      error: [OrderNotFound, StateConflict]
    }),
    HttpApiEndpoint.post("confirmSet", "/orders/confirmations/batch", {
      payload: setOf(OrderId),
      success: setResults(OrderRecordResult)
    }),
    HttpApiEndpoint.post("cancel", "/orders/:order_ledger_id/cancellation", {
      params: { order_ledger_id: OrderId },
      payload: CancelOrder,
      success: OrderRecord,
      error: StateConflict
    }),
    HttpApiEndpoint.post("cancelSet", "/orders/cancellations/batch", {
      payload: setOf(CancelOrderInSet),
      success: setResults(OrderRecordResult)
    })
  )
{}

/** Port 3003: the order record and its lifecycle. Everything is idempotent by `order_ledger_id`. */
export class OrdersApi extends HttpApi.make("orders-api")
  .add(OrderRecordsGroup)
  .middleware(HttpApiMiddleware.ProblemDetails)
  .annotate(HttpApi.PayloadParseOptions, strictly)
  .annotate(HttpApi.QueryParseOptions, strictly)
  .annotateMerge(OpenApi.annotations({ title: "Surety orders", version: "1.0.0" }))
{}
