import type { PaymentResult } from "@surety/contracts/payment-api"
import type { OrderId } from "@surety/domain/ids"
import { Effect } from "effect"
import { done, stuck, unknown } from "./payment-result.ts"
import { type PaymentRow, PaymentStore } from "./payment-store.ts"
import { PaymentProvider } from "./provider.ts"
import { RefundStore } from "./refund-store.ts"

/** The key of the refund that undoes a whole order; operators' refunds bring keys of their own. */
const UNDO = "undo"

/** Gives money back within what was captured, each key once. Nothing captured is nothing to give back. */
export const makeRefund = Effect.gen(function*() {
  const provider = yield* PaymentProvider
  const payments = yield* PaymentStore
  const refunds = yield* RefundStore

  const refundOne = Effect.fnUntraced(function*(row: PaymentRow, key: string, amountCents: number | undefined) {
    const { authorization_id, provider_id, reference } = row
    const refund = yield* refunds.intend(authorization_id, key, amountCents)
    if (refund === undefined || provider_id === null) return stuck(reference, "over what is left of the capture")
    if (refund.status === "DONE") return done(reference, row.status)
    if (refund.status === "REFUSED") return stuck(reference, "the provider refused this refund")
    const answer = yield* provider.refund({
      provider_id,
      amount_cents: refund.amount_cents,
      key: `${reference}:refund:${key}`
    })
    if (answer._tag === "Refused") {
      yield* refunds.refused(refund)
      return stuck(reference, `refund_refused: ${answer.code}`)
    }
    yield* refunds.done(refund, answer.refund_id)
    return done(reference, "REFUNDED")
  })

  const refund = (row: PaymentRow, key: string, amountCents: number | undefined): Effect.Effect<PaymentResult> =>
    row.status === "CAPTURED" || (row.status === "REFUNDED" && amountCents !== undefined)
      ? refundOne(row, key, amountCents).pipe(
        Effect.catch((error) => Effect.succeed(unknown(row.reference, error.message)))
      )
      : Effect.succeed(done(row.reference, row.status))

  const refundSet = Effect.fn("refundSet")(function*(references: ReadonlyArray<OrderId>) {
    const rows = yield* payments.byReferences(references)
    return yield* Effect.forEach(references, (reference) => {
      const row = rows.get(reference)
      return row === undefined ? Effect.succeed(done(reference, "VOIDED")) : refund(row, UNDO, undefined)
    }, { concurrency: "unbounded" })
  })

  return { refund, refundSet } as const
})
