import type { PaymentResult } from "@surety/contracts/payment-api"
import { PaymentNotFound, PaymentOutcomeUnknown, StateConflict } from "@surety/contracts/problems"
import type { OrderId } from "@surety/domain/ids"
import { Effect, Exit } from "effect"
import { outcomeUnknown } from "./authorize.ts"
import { makeCapture } from "./capture.ts"
import { paymentView } from "./payment-result.ts"
import { type PaymentRow, PaymentStore } from "./payment-store.ts"
import { makeRefund } from "./refund.ts"
import { makeSettleAuthorization } from "./settle-authorization.ts"
import { tellPayment, type Told } from "./tell-payments.ts"
import { makeVoid } from "./void.ts"

/** The single forms: a set of one, and a definite no or an unknown told as a problem. */
export const makeChangePayment = Effect.gen(function*() {
  const store = yield* PaymentStore
  const captureSet = yield* makeCapture
  const voidSet = yield* makeVoid
  const { refund: refundOnce, refundSet } = yield* makeRefund
  const settle = yield* makeSettleAuthorization

  const find = (id: OrderId) =>
    store.byReferences([id]).pipe(
      Effect.map((rows) => rows.get(id)),
      Effect.filterOrFail((row) => row !== undefined, () => new PaymentNotFound({ detail: `no payment for ${id}` }))
    )

  const show = (id: OrderId) => Effect.map(find(id), paymentView)

  const conclude = Effect.fnUntraced(function*(row: PaymentRow, result: PaymentResult | undefined) {
    if (result?.outcome === "done") return yield* show(row.reference)
    if (result === undefined || result.outcome === "unknown") {
      return yield* new PaymentOutcomeUnknown({ detail: result?.detail ?? "no answer" })
    }
    return yield* new StateConflict({ current: (yield* show(row.reference)).status, detail: result.reason })
  })

  const capture = Effect.fn("capturePayment")(function*(id: OrderId, amountCents: number | undefined) {
    const row = yield* find(id)
    if (amountCents !== undefined && amountCents !== row.amount_cents) {
      const detail = `an authorization is captured whole: ${row.amount_cents} cents`
      return yield* new StateConflict({ current: row.status, detail })
    }
    const [result] = yield* captureSet([row.reference])
    return yield* conclude(row, result)
  })

  const release = Effect.fn("voidPayment")(function*(id: OrderId) {
    const row = yield* find(id)
    const [result] = yield* voidSet([row.reference])
    return yield* conclude(row, result)
  })

  const refund = Effect.fn("refundPayment")(function*(id: OrderId, key: string, amountCents: number) {
    const row = yield* find(id)
    if (row.captured_cents === 0) {
      return yield* new StateConflict({ current: row.status, detail: "nothing was captured" })
    }
    return yield* conclude(row, yield* refundOnce(row, key, amountCents))
  })

  /** Answers for our reference; an authorization in doubt is asked about first. */
  const byReference = Effect.fn("paymentByReference")(function*(reference: OrderId) {
    const row = yield* find(reference)
    if (row.status !== "AUTHORIZING") return paymentView(row)
    const settled = settle(row).pipe(tellPayment("authorize", reference, toldOfAuthorization))
    return paymentView(yield* Effect.mapError(settled, outcomeUnknown))
  })

  return { show, capture, release, refund, byReference, captureSet, voidSet, refundSet } as const
})

const toldOfAuthorization = (exit: Exit.Exit<PaymentRow, unknown>): Told => {
  const row = Exit.isSuccess(exit) ? exit.value : undefined
  if (row === undefined || row.status === "AUTHORIZING") return { outcome: "unknown" }
  if (row.status !== "DECLINED" && row.status !== "VOIDED") return { outcome: "done" }
  return { outcome: "refused", reason: row.refusal_code ?? `payment_${row.status.toLowerCase()}` }
}
