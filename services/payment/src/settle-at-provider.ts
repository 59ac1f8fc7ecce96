import { PaymentNotFound, type PaymentOutcomeUnknown, StateConflict } from "@surety/contracts/problems"
import { Effect, Option } from "effect"
import { agrees, atProviderView, isReferenced, keptCents, type Referenced } from "./agrees.ts"
import { outcomeUnknown } from "./authorize.ts"
import { ClaimsStore } from "./claims-store.ts"
import { type PaymentRow, PaymentStore } from "./payment-store.ts"
import type { ProviderUnknown } from "./provider-words.ts"
import { PaymentProvider } from "./provider.ts"
import { logBecome } from "./tell-payments.ts"

type Refusal = PaymentNotFound | StateConflict | PaymentOutcomeUnknown

/** What counts on its payment at the provider, or may any moment. */
const standing: ReadonlySet<PaymentRow["status"]> = new Set(["AUTHORIZED", "CAPTURE_REFUSED", "CAPTURED", "REFUNDED"])

/**
 * What may be done about a payment at the provider that our record knows nothing of, or something else. Each is asked for
 * after a fresh look, under keys of its own or of what was recorded, and so is done once however often it is asked for.
 */
export const makeSettleAtProvider = Effect.gen(function*() {
  const provider = yield* PaymentProvider
  const store = yield* PaymentStore
  const claims = yield* ClaimsStore

  const look = Effect.fnUntraced(function*(provider_id: string): Effect.fn.Return<Referenced, Refusal> {
    const found = Option.getOrUndefined(yield* Effect.mapError(provider.retrieve({ provider_id }), outcomeUnknown))
    if (found === undefined) return yield* new PaymentNotFound({ detail: `the provider has no ${provider_id}` })
    if (isReferenced(found)) return found
    return yield* new StateConflict({ current: found.status, detail: "this payment is none of ours" })
  })

  const recordOf = ({ reference }: Referenced) =>
    Effect.map(store.byReferences([reference]), (records) => records.get(reference))

  /** Takes the money out of a stray: a hold is let go, and what is taken is given back. */
  const empty = Effect.fnUntraced(
    function*(stray: Referenced): Effect.fn.Return<void, ProviderUnknown | StateConflict> {
      const { provider_id } = stray
      let kept = keptCents(stray)
      if (stray.held_cents > 0) {
        const answer = yield* provider.cancel({ provider_id, key: `${provider_id}:settle:cancel` })
        kept = answer._tag === "AlreadyCaptured" ? answer.amount_cents : 0
      }
      if (kept === 0) return
      const answer = yield* provider.refund({ provider_id, amount_cents: kept, key: `${provider_id}:settle:refund` })
      if (answer._tag === "Refunded") return
      return yield* new StateConflict({ current: stray.status, detail: `refund_refused: ${answer.code}` })
    }
  )

  const settle = Effect.fn("settleAtProvider")(function*(provider_id: string) {
    const stray = yield* look(provider_id)
    const record = yield* recordOf(stray)
    if (record?.status === "AUTHORIZING") {
      return yield* new StateConflict({ current: record.status, detail: "its authorization is not settled yet" })
    }
    if (record?.provider_id === provider_id && standing.has(record.status)) {
      return yield* new StateConflict({ current: record.status, detail: "our record counts on this payment" })
    }
    // First the door is shut: nobody may come to count on it while it is let go.
    if (record === undefined) yield* store.entomb([stray.reference])
    yield* empty(stray).pipe(Effect.catchTag("ProviderUnknown", (error) => outcomeUnknown(error)))
    return atProviderView(yield* look(provider_id))
  })

  /** The one thing that makes the two agree, or a refusal. */
  const follow = Effect.fnUntraced(function*(record: PaymentRow, payment: Referenced) {
    const { provider_id, reference } = payment
    const same = payment.amount_cents === record.amount_cents && payment.currency === record.currency
    const unheard = record.status === "AUTHORIZED" || record.status === "CAPTURE_REFUSED"
    if (unheard && same && payment.captured_cents === record.amount_cents) {
      const captured_cents = payment.captured_cents
      const [changed] = yield* store.record([{ reference, status: "CAPTURED", captured_cents }])
      return yield* changed === undefined ? Effect.void : logBecome(changed)
    }
    if (record.status === "CAPTURED" && same && payment.held_cents === record.captured_cents) {
      return yield* provider.capture({ provider_id, amount_cents: payment.held_cents, key: `${reference}:capture` })
    }
    if (payment.captured_cents === record.captured_cents && payment.refunded_cents < record.refunded_cents) {
      for (const { amount_cents, key } of yield* claims.refundsGiven(reference)) {
        yield* provider.refund({ provider_id, amount_cents, key: `${reference}:refund:${key}` })
      }
      return
    }
    return yield* new StateConflict({ current: record.status, detail: "who is right cannot be told from the two" })
  })

  const agree = Effect.fn("agreeWithProvider")(function*(provider_id: string) {
    const before = yield* look(provider_id)
    const record = yield* recordOf(before)
    if (record === undefined || record.provider_id !== provider_id) {
      return yield* new PaymentNotFound({ detail: "no record of ours counts on this payment" })
    }
    if (agrees(record, before)) return atProviderView(before)
    yield* follow(record, before).pipe(Effect.catchTag("ProviderUnknown", (error) => outcomeUnknown(error)))
    const after = yield* look(provider_id)
    if (agrees(yield* recordOf(after), after)) return atProviderView(after)
    return yield* new StateConflict({ current: record.status, detail: "the provider answered, and nothing changed" })
  })

  return { settle, agree } as const
})
