import type { Traceparents } from "@surety/contracts/manners"
import type { PaymentResult } from "@surety/contracts/payment-api"
import { IdempotencyKeyReused } from "@surety/contracts/problems"
import type { OrderId } from "@surety/domain/ids"
import { Effect, Exit } from "effect"
import { done, stuck, unknown } from "./payment-result.ts"
import { type PaymentRow, PaymentStore } from "./payment-store.ts"
import { PaymentProvider } from "./provider.ts"
import { type RefundRow, RefundStore } from "./refund-store.ts"
import { sideBySide } from "./side-by-side.ts"
import { logBecome, tellPayment, tellPayments } from "./tell-payments.ts"

/** The key of the refund that undoes a whole order; operators' refunds bring keys of their own. */
const UNDO = "undo"

/** Gives money back within what was captured, each key once. Nothing captured is nothing to give back. */
export const makeRefund = Effect.gen(function*() {
  const provider = yield* PaymentProvider
  const payments = yield* PaymentStore
  const refunds = yield* RefundStore

  const perform = Effect.fnUntraced(
    function*({ provider_id, reference, status }: PaymentRow, refund: RefundRow | undefined) {
      if (refund === undefined || provider_id === null) return stuck(reference, "over what is left of the capture")
      if (refund.status === "DONE") return done(reference, status)
      if (refund.status === "REFUSED") return stuck(reference, "the provider refused this refund")
      const { amount_cents, key } = refund
      const answer = yield* provider.refund({ provider_id, amount_cents, key: `${reference}:refund:${key}` })
      if (answer._tag === "Refused") {
        yield* refunds.refused(refund)
        return stuck(reference, `refund_refused: ${answer.code}`)
      }
      yield* refunds.done(refund, answer.refund_id)
      yield* logBecome({ reference, status: "REFUNDED", refusal_code: null })
      return done(reference, "REFUNDED")
    },
    (performed, { reference }) => Effect.catch(performed, (error) => Effect.succeed(unknown(reference, error.message)))
  )

  /** One refund under a client's key, of a payment that was captured. */
  const refundOne = Effect.fnUntraced(function*(row: PaymentRow, key: string, amountCents: number) {
    const intended = yield* refunds.intend(row.reference, `client:${key}`, amountCents)
    if (intended !== undefined && intended.amount_cents !== amountCents) {
      return yield* new IdempotencyKeyReused({
        detail: `this key came with ${intended.amount_cents} cents before; use a new key`
      })
    }
    return yield* perform(row, intended)
  })
  const refund = (row: PaymentRow, key: string, amountCents: number) =>
    refundOne(row, key, amountCents).pipe(
      tellPayment("refund", row.reference, (exit: Exit.Exit<PaymentResult, unknown>) =>
        Exit.isSuccess(exit)
          ? exit.value
          : { outcome: Exit.hasDies(exit) ? "unknown" : "refused", reason: "key_reused" })
    )

  const undo = (reference: OrderId, row: PaymentRow | undefined): Effect.Effect<PaymentResult> =>
    row?.status === "CAPTURED"
      ? Effect.flatMap(refunds.intend(row.reference, UNDO, undefined), (rest) => perform(row, rest))
      : Effect.succeed(done(reference, row?.status ?? "VOIDED"))

  /** Gives back all that is left. As long as some other refund keeps that from being everything, it is not done. */
  const undoAll = Effect.fn("refundSet")(function*(
    references: ReadonlyArray<OrderId>,
    spans: ReadonlyArray<string | undefined>
  ) {
    const before = yield* payments.byReferences(references)
    const answers = yield* sideBySide(
      references,
      spans,
      (reference) => Effect.map(undo(reference, before.get(reference)), (result) => ({ result }))
    )
    const after = yield* payments.byReferences(references)
    return answers.map(({ result }) => {
      const row = after.get(result.reference)
      if (result.outcome !== "done" || row?.status !== "CAPTURED") return result
      const detail =
        `${row.refunded_cents} of ${row.captured_cents} cents are back; another refund is open or was refused`
      return stuck(result.reference, detail)
    })
  })

  const refundSet = (references: ReadonlyArray<OrderId>, traceparents?: Traceparents) =>
    tellPayments("refund", references, traceparents, (spans) => undoAll(references, spans))

  return { refund, refundSet } as const
})
