import { OrderId } from "@surety/domain/ids"
import { Cents, Currency } from "@surety/domain/money"
import { text } from "@surety/domain/order"
import { PaymentStatus } from "@surety/domain/payment"
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiMiddleware, HttpApiSchema, OpenApi } from "effect/http-api"
import { IdempotencyKey, setOf, setResults, strictly, Timestamp } from "./manners.ts"
import {
  IdempotencyKeyReused,
  PaymentDeclined,
  PaymentNotFound,
  PaymentOutcomeUnknown,
  StateConflict
} from "./problems.ts"
import { ProviderBooksGroup } from "./provider-books-api.ts"

/** `reference` is the order's ledger id, and so is the `authorization_id` of its one payment: never authorized twice. */
export const Authorize = Schema.Struct({
  reference: OrderId,
  amount_cents: Cents,
  currency: Currency,
  token: text(255)
}).annotate({ identifier: "Authorize" })
export type Authorize = typeof Authorize.Type

export const Payment = Schema.Struct({
  authorization_id: OrderId,
  reference: OrderId,
  status: PaymentStatus,
  amount_cents: Cents,
  currency: Schema.String,
  captured_cents: Cents,
  refunded_cents: Cents,
  provider_id: Schema.optionalKey(Schema.String),
  refusal_code: Schema.optionalKey(Schema.String),
  created_at: Timestamp,
  updated_at: Timestamp
}).annotate({ identifier: "Payment" })
export type Payment = typeof Payment.Type

/**
 * How one payment of a set came out. `done` and `refused` are definite; `stuck` is definite too, but what the provider
 * holds is not what we asked for, and a person must look; `unknown` says nothing about the effect: ask again. A void that finds the money taken is refused with `already_captured`: refund instead.
 */
export const PaymentResult = Schema.Union([
  Schema.Struct({ reference: OrderId, outcome: Schema.Literals(["done"]), status: PaymentStatus }),
  Schema.Struct({ reference: OrderId, outcome: Schema.Literals(["refused"]), reason: Schema.String }),
  Schema.Struct({ reference: OrderId, outcome: Schema.Literals(["stuck"]), reason: Schema.String }),
  Schema.Struct({ reference: OrderId, outcome: Schema.Literals(["unknown"]), detail: Schema.String })
])
export type PaymentResult = typeof PaymentResult.Type

/**
 * How one authorization of a set came out. `authorized` and `declined` are definite; `unknown` says nothing: the money may
 * be held. A reference without a line is unknown too.
 */
export const AuthorizationResult = Schema.Union([
  Schema.Struct({ reference: OrderId, outcome: Schema.Literals(["authorized"]) }),
  Schema.Struct({
    reference: OrderId,
    outcome: Schema.Literals(["declined"]),
    decline_code: Schema.String,
    detail: Schema.String
  }),
  Schema.Struct({ reference: OrderId, outcome: Schema.Literals(["unknown"]), detail: Schema.String })
])
export type AuthorizationResult = typeof AuthorizationResult.Type

const byAuthorization = { params: { authorization_id: OrderId }, success: Payment }
const changeErrors = [PaymentNotFound, StateConflict, PaymentOutcomeUnknown] as const

export class PaymentsGroup extends HttpApiGroup.make("payments")
  .add(
    HttpApiEndpoint.post("authorize", "/payments/authorize", {
      payload: Authorize,
      success: Payment.pipe(HttpApiSchema.status(201)),
      error: [PaymentDeclined, StateConflict, PaymentOutcomeUnknown]
    }),
    /** Answers a line for each as soon as it is known, so that nobody waits for the slowest of a set. */
    HttpApiEndpoint.post("authorizeSet", "/payments/authorizations/batch", {
      payload: setOf(Authorize),
      success: HttpApiSchema.StreamNdjson({ schema: AuthorizationResult })
    }),
    HttpApiEndpoint.post("capture", "/payments/capture/:authorization_id", {
      ...byAuthorization,
      payload: [HttpApiSchema.NoContent, Schema.Struct({ amount_cents: Schema.optionalKey(Cents) })],
      error: changeErrors
    }),
    HttpApiEndpoint.post("void", "/payments/void/:authorization_id", { ...byAuthorization, error: changeErrors }),
    HttpApiEndpoint.post("refund", "/payments/refund/:authorization_id", {
      ...byAuthorization,
      headers: { "idempotency-key": IdempotencyKey },
      payload: Schema.Struct({ amount_cents: Cents.check(Schema.isGreaterThan(0)) }),
      error: [...changeErrors, IdempotencyKeyReused]
    }),
    HttpApiEndpoint.get("byReference", "/payments/by-reference/:reference", {
      params: { reference: OrderId },
      success: Payment,
      error: [PaymentNotFound, PaymentOutcomeUnknown]
    }),
    HttpApiEndpoint.get("payment", "/payments/:authorization_id", { ...byAuthorization, error: PaymentNotFound }),
    HttpApiEndpoint.post("captureSet", "/payments/captures/batch", {
      payload: setOf(OrderId),
      success: setResults(PaymentResult)
    }),
    HttpApiEndpoint.post("voidSet", "/payments/voids/batch", {
      payload: setOf(OrderId),
      success: setResults(PaymentResult)
    }),
    HttpApiEndpoint.post("refundSet", "/payments/refunds/batch", {
      payload: setOf(OrderId),
      success: setResults(PaymentResult)
    })
  )
{}

/** Port 3002: authorize, capture, void, refund, through a provider. */
export class PaymentApi extends HttpApi.make("payment-api")
  .add(PaymentsGroup)
  .add(ProviderBooksGroup)
  .middleware(HttpApiMiddleware.ProblemDetails)
  .annotate(HttpApi.PayloadParseOptions, strictly)
  .annotate(HttpApi.QueryParseOptions, strictly)
  .annotateMerge(OpenApi.annotations({ title: "Surety payment", version: "1.0.0" }))
{}
