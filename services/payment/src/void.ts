import type { Traceparents } from "@surety/contracts/manners"
import type { OrderId } from "@surety/domain/ids"
import { Effect } from "effect"
import { findingsOf, type Learned } from "./capture.ts"
import { done, refused, unknown } from "./payment-result.ts"
import { type PaymentRow, PaymentStore } from "./payment-store.ts"
import type { Cancellation } from "./provider-words.ts"
import { PaymentProvider } from "./provider.ts"
import { makeSettleAuthorization } from "./settle-authorization.ts"
import { sideBySide } from "./side-by-side.ts"
import { logAllBecome, tellPayments } from "./tell-payments.ts"

/**
 * Lets held money go. A reference never heard of is closed for good; an authorization whose answer is unknown is settled
 * first; money that turns out to be taken is refused with `already_captured`.
 */
export const makeVoid = Effect.gen(function*() {
  const provider = yield* PaymentProvider
  const store = yield* PaymentStore
  const settle = yield* makeSettleAuthorization

  const learn = (reference: OrderId, answer: Cancellation): Learned =>
    answer._tag === "AlreadyCaptured"
      ? {
        result: refused(reference, "already_captured"),
        finding: { reference, status: "CAPTURED", captured_cents: answer.amount_cents }
      }
      : { result: done(reference, "VOIDED"), finding: { reference, status: "VOIDED" } }

  const voidSettled = ({ provider_id, reference, status }: PaymentRow) => {
    switch (status) {
      case "AUTHORIZED":
      case "CAPTURE_REFUSED":
        return provider.cancel({ provider_id: provider_id!, key: `${reference}:void` }).pipe(
          Effect.map((answer) => learn(reference, answer))
        )
      case "CAPTURED":
        return Effect.succeed<Learned>({ result: refused(reference, "already_captured") })
      case "AUTHORIZING":
        return Effect.succeed<Learned>({ result: unknown(reference, "the authorization is not settled") })
      default:
        return Effect.succeed<Learned>({ result: done(reference, status) })
    }
  }

  const release = Effect.fn("void")(
    function*(references: ReadonlyArray<OrderId>, spans: ReadonlyArray<string | undefined>) {
      const known = yield* store.byReferences(references)
      const strangers = references.filter((reference) => !known.has(reference))
      if (strangers.length > 0) yield* store.entomb(strangers)
      const rows = strangers.length > 0 ? yield* store.byReferences(references) : known
      const learned = yield* sideBySide<Learned>(
        references,
        spans,
        (reference) =>
          settle(rows.get(reference)!).pipe(
            Effect.flatMap(voidSettled),
            Effect.catch((error) => Effect.succeed<Learned>({ result: unknown(reference, error.message) }))
          )
      )
      yield* logAllBecome(yield* store.record(findingsOf(learned)), references, spans)
      return learned.map(({ result }) => result)
    }
  )

  return (references: ReadonlyArray<OrderId>, traceparents?: Traceparents) =>
    tellPayments("void", references, traceparents, (spans) => release(references, spans))
})
