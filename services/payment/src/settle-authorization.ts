import type { OrderId } from "@surety/domain/ids"
import { Effect, Stream } from "effect"
import { type Finding, type PaymentRow, PaymentStore } from "./payment-store.ts"
import { type Authorization, ProviderUnknown } from "./provider-words.ts"
import { PaymentProvider } from "./provider.ts"
import { logBecome } from "./tell-payments.ts"

/** Clocks differ: how much before our intent the provider may say that it made the payment. */
const CLOCK_SKEW_MILLIS = 10 * 60_000

/**
 * Gets a definite answer about a payment that is AUTHORIZING, and writes it down: the same request again under the same
 * key, which the provider answers as it did the first time or does now for the first time. Answers the row as it then is.
 */
export const makeSettleAuthorization = Effect.gen(function*() {
  const provider = yield* PaymentProvider
  const store = yield* PaymentStore

  /** A key that only repeats a stored failure says nothing; the provider's list, which is complete, does. */
  const lookAmongAll = (row: PaymentRow, error: ProviderUnknown): Effect.Effect<Authorization, ProviderUnknown> =>
    error.reason !== "key_spent" ? Effect.fail(error) : provider.list({
      created_after: new Date(Date.parse(row.created_at) - CLOCK_SKEW_MILLIS)
    }).pipe(
      Stream.filter((payment) => payment.reference === row.reference && payment.status === "held"),
      Stream.runHead,
      Effect.map((found): Authorization =>
        found._tag === "Some"
          ? { _tag: "Authorized", provider_id: found.value.provider_id, amount_cents: found.value.held_cents }
          : { _tag: "Declined", decline_code: "provider_error", message: error.message }
      )
    )

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
      }).pipe(
        Effect.catch((error) => lookAmongAll(row, error)),
        Effect.mapError(({ detail, operation, reason }) =>
          // A provider may repeat the token in what it complains of; none of ours does.
          new ProviderUnknown({ operation, reason, detail: detail.replaceAll(token, "the token") })
        )
      )
      const settled = yield* store.recordOne(findingOf(reference, answer))
      if (settled === undefined) return (yield* store.byReferences([reference])).get(reference) ?? row
      yield* logBecome(settled)
      return settled
    }
  )
})

const findingOf = (reference: OrderId, answer: Authorization): Finding =>
  answer._tag === "Authorized"
    ? { reference, status: "AUTHORIZED", provider_id: answer.provider_id }
    : {
      reference,
      status: "DECLINED",
      refusal_code: answer.decline_code,
      ...(answer.provider_id === undefined ? {} : { provider_id: answer.provider_id })
    }
