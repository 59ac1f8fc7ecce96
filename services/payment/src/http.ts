import { PaymentApi } from "@surety/contracts/payment-api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { makeAuthorize } from "./authorize.ts"
import { makeChangePayment } from "./change-payment.ts"

const results = <A>(answered: Effect.Effect<ReadonlyArray<A>>) => Effect.map(answered, (items) => ({ results: items }))

/** A line an endpoint: the use cases decide. */
export const paymentHandlers = HttpApiBuilder.group(
  PaymentApi,
  "payments",
  Effect.fn(function*(handlers) {
    const { authorize, authorizeSet } = yield* makeAuthorize
    const payments = yield* makeChangePayment
    return handlers.handleAll({
      authorize: ({ payload }) => authorize(payload),
      authorizeSet: ({ payload }) => Effect.succeed(authorizeSet(payload.items, payload.traceparents)),
      capture: ({ params, payload }) => payments.capture(params.authorization_id, payload?.amount_cents),
      void: ({ params }) => payments.release(params.authorization_id),
      refund: ({ headers, params, payload }) =>
        payments.refund(params.authorization_id, headers["idempotency-key"], payload.amount_cents),
      byReference: ({ params }) => payments.byReference(params.reference),
      payment: ({ params }) => payments.show(params.authorization_id),
      captureSet: ({ payload }) => results(payments.captureSet(payload.items, payload.traceparents)),
      voidSet: ({ payload }) => results(payments.voidSet(payload.items, payload.traceparents)),
      refundSet: ({ payload }) => results(payments.refundSet(payload.items, payload.traceparents))
    })
  })
)
