import { OrderId, ProductId } from "@surety/domain/ids"
import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"

/**
 * Every expected failure of the system, as the RFC 9457 problem its caller sees. `type` tells them apart; `error` is the
 * same in one word, for programs that switch on it.
 */
const problem = <const Error extends string, const Status extends number>(
  error: Error,
  status: Status,
  title: string
) => ({
  declaration: { type: `urn:surety:problem:${error}` as const, status, title },
  fields: { error: Schema.tag(error) }
})

const invalidOrder = problem("invalid_order", 422, "The order cannot be accepted as it stands")
/** 422: well-formed, but no order we can take (merged quantity or total over its limit). */
export class InvalidOrder extends HttpApiError.Problem<InvalidOrder>()("InvalidOrder", invalidOrder.declaration, {
  ...invalidOrder.fields
}) {}

const unknownProduct = problem("unknown_product", 422, "A product is not in the catalogue")
/** 422: names the products that the catalogue does not have. */
export class UnknownProduct
  extends HttpApiError.Problem<UnknownProduct>()("UnknownProduct", unknownProduct.declaration, {
    ...unknownProduct.fields,
    product_ids: Schema.Array(ProductId)
  })
{}

const paymentDeclined = problem("payment_declined", 402, "The payment was declined")
/** 402: the provider's definite no. `decline_code` is the provider's word for why. */
export class PaymentDeclined
  extends HttpApiError.Problem<PaymentDeclined>()("PaymentDeclined", paymentDeclined.declaration, {
    ...paymentDeclined.fields,
    order_ledger_id: Schema.optionalKey(OrderId),
    decline_code: Schema.String
  })
{}

const keyReused = problem("idempotency_key_reused", 422, "The idempotency key was used with another request")
/** 422: same key, other body. */
export class IdempotencyKeyReused
  extends HttpApiError.Problem<IdempotencyKeyReused>()("IdempotencyKeyReused", keyReused.declaration, {
    ...keyReused.fields
  })
{}

const inFlight = problem("request_in_flight", 409, "A request with this idempotency key is still running")
/** 409 with `Retry-After`: the first request under this key has not answered yet. */
export class RequestInFlight extends HttpApiError.Problem<RequestInFlight>()("RequestInFlight", inFlight.declaration, {
  ...inFlight.fields,
  retry_after_seconds: Schema.Int
}) {}

const orderNotFound = problem("order_not_found", 404, "No such order")
export class OrderNotFound extends HttpApiError.Problem<OrderNotFound>()("OrderNotFound", orderNotFound.declaration, {
  ...orderNotFound.fields,
  order_ledger_id: OrderId
}) {}

const productNotFound = problem("product_not_found", 404, "No such product")
export class ProductNotFound
  extends HttpApiError.Problem<ProductNotFound>()("ProductNotFound", productNotFound.declaration, {
    ...productNotFound.fields,
    product_id: ProductId
  })
{}

const skuTaken = problem("sku_taken", 409, "Another product has this SKU")
export class SkuTaken extends HttpApiError.Problem<SkuTaken>()("SkuTaken", skuTaken.declaration, {
  ...skuTaken.fields,
  sku: Schema.String,
  existing_product_id: ProductId
}) {}

const warehouseNotFound = problem("warehouse_not_found", 404, "No such warehouse")
export class WarehouseNotFound
  extends HttpApiError.Problem<WarehouseNotFound>()("WarehouseNotFound", warehouseNotFound.declaration, {
    ...warehouseNotFound.fields
  })
{}

const codeTaken = problem("warehouse_code_taken", 409, "Another warehouse has this code")
export class WarehouseCodeTaken
  extends HttpApiError.Problem<WarehouseCodeTaken>()("WarehouseCodeTaken", codeTaken.declaration, {
    ...codeTaken.fields,
    code: Schema.String
  })
{}

const insufficientStock = problem("insufficient_stock", 409, "Not enough stock")
/** 409: nothing was changed. `requested` and `available` are units. */
export class InsufficientStock
  extends HttpApiError.Problem<InsufficientStock>()("InsufficientStock", insufficientStock.declaration, {
    ...insufficientStock.fields,
    shortages: Schema.Array(
      Schema.Struct({ product_id: ProductId, requested: Schema.Int, available: Schema.Int })
    )
  })
{}

const noSingleWarehouse = problem("no_single_warehouse", 409, "No single warehouse has every line")
export class NoSingleWarehouse
  extends HttpApiError.Problem<NoSingleWarehouse>()("NoSingleWarehouse", noSingleWarehouse.declaration, {
    ...noSingleWarehouse.fields
  })
{}

const reservationNotFound = problem("reservation_not_found", 404, "No such reservation")
export class ReservationNotFound
  extends HttpApiError.Problem<ReservationNotFound>()("ReservationNotFound", reservationNotFound.declaration, {
    ...reservationNotFound.fields,
    order_id: OrderId
  })
{}

const conflict = problem("state_conflict", 409, "The current state does not allow this")
/** 409: what was asked is not possible from the `current` state. Nothing was changed. */
export class StateConflict extends HttpApiError.Problem<StateConflict>()("StateConflict", conflict.declaration, {
  ...conflict.fields,
  current: Schema.String
}) {}

const paymentNotFound = problem("payment_not_found", 404, "No such payment")
export class PaymentNotFound
  extends HttpApiError.Problem<PaymentNotFound>()("PaymentNotFound", paymentNotFound.declaration, {
    ...paymentNotFound.fields
  })
{}

const paymentUnknown = problem("payment_outcome_unknown", 503, "The provider's answer is not known yet")
/** 503: nothing is known about the effect. Ask again with the same request; it is never done twice. */
export class PaymentOutcomeUnknown
  extends HttpApiError.Problem<PaymentOutcomeUnknown>()("PaymentOutcomeUnknown", paymentUnknown.declaration, {
    ...paymentUnknown.fields
  })
{}

const unavailable = problem("service_unavailable", 503, "A service this depends on does not answer")
/** 503 with `Retry-After`: nothing was promised; send the same request again, an order under the same key. */
export class ServiceUnavailable
  extends HttpApiError.Problem<ServiceUnavailable>()("ServiceUnavailable", unavailable.declaration, {
    ...unavailable.fields,
    retry_after_seconds: Schema.Int
  })
{}

const sagaNotFound = problem("saga_not_found", 404, "No such saga")
export class SagaNotFound extends HttpApiError.Problem<SagaNotFound>()("SagaNotFound", sagaNotFound.declaration, {
  ...sagaNotFound.fields,
  order_ledger_id: OrderId
}) {}

const findingNotFound = problem("finding_not_found", 404, "No such finding")
export class FindingNotFound
  extends HttpApiError.Problem<FindingNotFound>()("FindingNotFound", findingNotFound.declaration, {
    ...findingNotFound.fields
  })
{}
