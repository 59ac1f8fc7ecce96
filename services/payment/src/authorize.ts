import type { Authorize } from "@surety/contracts/payment-api"
import { PaymentDeclined, PaymentOutcomeUnknown, StateConflict } from "@surety/contracts/problems"
import { Effect } from "effect"
import { paymentView } from "./payment-result.ts"
import { PaymentStore } from "./payment-store.ts"
import type { ProviderUnknown } from "./provider-words.ts"
import { makeSettleAuthorization } from "./settle-authorization.ts"

export const outcomeUnknown = (error: ProviderUnknown) => new PaymentOutcomeUnknown({ detail: error.message })

/** Holds the money of one order, once a reference: the intent first, then the provider, then what it said. */
export const makeAuthorize = Effect.gen(function*() {
  const store = yield* PaymentStore
  const settle = yield* makeSettleAuthorization

  return Effect.fn("authorize")(function*(request: Authorize) {
    const intended = yield* store.intendOne(request)
    const row = intended ?? (yield* store.byReferences([request.reference])).get(request.reference)
    if (row === undefined) return yield* Effect.die(new Error(`the payment of ${request.reference} vanished`))
    if (row.status === "VOIDED") {
      return yield* new StateConflict({ current: row.status, detail: "this reference was voided" })
    }
    if (row.amount_cents !== request.amount_cents || row.currency !== request.currency) {
      return yield* new StateConflict({ current: row.status, detail: "this reference has another amount or currency" })
    }
    const settled = yield* settle(row).pipe(Effect.mapError(outcomeUnknown))
    switch (settled.status) {
      case "DECLINED": {
        const decline_code = settled.refusal_code ?? "declined"
        return yield* new PaymentDeclined({ decline_code, detail: `the card was declined: ${decline_code}` })
      }
      case "VOIDED":
        return yield* new StateConflict({ current: settled.status, detail: "this reference was voided" })
      case "AUTHORIZING":
        return yield* new PaymentOutcomeUnknown({ detail: "the provider's answer is not known yet" })
      default:
        return paymentView(settled)
    }
  })
})
