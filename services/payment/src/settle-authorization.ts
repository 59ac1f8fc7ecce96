import { Effect } from "effect"
import { type PaymentRow, PaymentStore } from "./payment-store.ts"
import { PaymentProvider, type ProviderUnknown } from "./provider.ts"

/**
 * Gets a definite answer about a payment that is AUTHORIZING, and writes it down: the same request again under the same
 * key, which the provider answers as it did the first time or does now for the first time. Answers the row as it then is.
 */
export const makeSettleAuthorization = Effect.gen(function*() {
  const provider = yield* PaymentProvider
  const store = yield* PaymentStore

  return Effect.fn("settleAuthorization")(
    function*(row: PaymentRow): Effect.fn.Return<PaymentRow, ProviderUnknown> {
      if (row.status !== "AUTHORIZING" || row.token === null) return row
      const { amount_cents, currency, reference, token } = row
      const answer = yield* provider.authorize({
        reference,
        amount_cents,
        currency,
        token,
        key: `${reference}:authorize`
      })
      yield* store.record([
        answer._tag === "Authorized"
          ? { reference, status: "AUTHORIZED", provider_id: answer.provider_id }
          : {
            reference,
            status: "DECLINED",
            refusal_code: answer.decline_code,
            ...(answer.provider_id === undefined ? {} : { provider_id: answer.provider_id })
          }
      ])
      return (yield* store.byReferences([reference])).get(reference) ?? row
    }
  )
})
