import { OrderId, ProductId, WarehouseId } from "@surety/domain/ids"
import { Cents } from "@surety/domain/money"
import { LINES_MAX, OrderItem, OrderLine, ShippingAddress, text } from "@surety/domain/order"
import { OrderStatus } from "@surety/domain/order-status"
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiMiddleware, HttpApiSchema, OpenApi } from "effect/http-api"
import { Cursor, IdempotencyKey, PageLimit, strictly, Timestamp, TraceId } from "./manners.ts"
import {
  IdempotencyKeyReused,
  InvalidOrder,
  OrderNotFound,
  PaymentDeclined,
  RequestInFlight,
  ServiceUnavailable,
  UnknownProduct
} from "./problems.ts"

export const PlaceOrder = Schema.Struct({
  user_id: text(128),
  email: text(254).check(Schema.isPattern(/^[^@\s]+@[^@\s]+$/, { message: "must be an e-mail address" })),
  items: Schema.Array(OrderItem).check(Schema.isBetweenLength(1, LINES_MAX)),
  payment: Schema.Struct({ method: Schema.Literals(["card"]), token: text(255) }),
  shipping_address: Schema.optionalKey(ShippingAddress)
}).annotate({ identifier: "PlaceOrder" })
export type PlaceOrder = typeof PlaceOrder.Type

/** The answer to an accepted order: money is held, or its outcome is still being asked for. */
export const OrderAccepted = Schema.Struct({
  order_ledger_id: OrderId,
  status: Schema.Literals(["AUTHORIZED", "AWAITING_AUTHORIZATION"]),
  message: Schema.String
}).annotate({ identifier: "OrderAccepted" })
export type OrderAccepted = typeof OrderAccepted.Type

const Transition = Schema.Struct({
  status: OrderStatus,
  at: Timestamp,
  reason: Schema.optionalKey(Schema.String)
}).annotate({ identifier: "Transition" })

const summaryFields = {
  order_ledger_id: OrderId,
  user_id: Schema.String,
  status: OrderStatus,
  total_cents: Cents,
  currency: Schema.String,
  reason: Schema.optionalKey(Schema.String),
  warehouse_id: Schema.optionalKey(WarehouseId),
  created_at: Timestamp,
  updated_at: Timestamp
}
export const OrderSummary = Schema.Struct(summaryFields).annotate({ identifier: "OrderSummary" })
export type OrderSummary = typeof OrderSummary.Type

const PricedLine = OrderLine.mapFields((fields) => ({ ...fields, product_id: ProductId, total_cents: Cents }))

/** An order as its customer sees it; `timeline` has every status it reached, oldest first. */
export const OrderView = Schema.Struct({
  ...summaryFields,
  email: Schema.String,
  items: Schema.Array(PricedLine),
  shipping_address: Schema.optionalKey(ShippingAddress),
  timeline: Schema.Array(Transition),
  trace_id: Schema.optionalKey(TraceId)
}).annotate({ identifier: "Order" })
export type OrderView = typeof OrderView.Type

export const OrderPage = Schema.Struct({
  orders: Schema.Array(OrderSummary),
  next_cursor: Schema.optionalKey(Cursor)
}).annotate({ identifier: "OrderPage" })

export class OrdersGroup extends HttpApiGroup.make("orders")
  .add(
    HttpApiEndpoint.post("place", "/orders", {
      headers: { "idempotency-key": IdempotencyKey },
      payload: PlaceOrder,
      success: OrderAccepted.pipe(HttpApiSchema.status(202)),
      error: [PaymentDeclined, UnknownProduct, InvalidOrder, IdempotencyKeyReused, RequestInFlight, ServiceUnavailable]
    }).annotateMerge(OpenApi.annotations({
      summary: "Place an order",
      description: "Safe to repeat with the same key: the first answer comes again, with `Idempotent-Replayed: true`."
    })),
    HttpApiEndpoint.get("byId", "/orders/:order_ledger_id", {
      params: { order_ledger_id: OrderId },
      success: OrderView,
      error: OrderNotFound
    }).annotateMerge(OpenApi.annotations({ summary: "One order, with its timeline" })),
    HttpApiEndpoint.get("list", "/orders", {
      query: {
        user_id: Schema.optionalKey(text(128)),
        status: Schema.optionalKey(OrderStatus),
        limit: Schema.optionalKey(PageLimit),
        cursor: Schema.optionalKey(Cursor)
      },
      success: OrderPage
    }).annotateMerge(OpenApi.annotations({ summary: "Orders, newest first" }))
  )
{}

/** Port 3000: accept an order once, answer for it ever after. */
export class EdgeApi extends HttpApi.make("edge-api")
  .add(OrdersGroup)
  .middleware(HttpApiMiddleware.ProblemDetails)
  .annotate(HttpApi.PayloadParseOptions, strictly)
  .annotate(HttpApi.QueryParseOptions, strictly)
  .annotateMerge(OpenApi.annotations({ title: "Surety edge API", version: "1.0.0" }))
{}
