import type { Traceparents } from "@surety/contracts/manners"
import type { AuthorizationResult, Authorize } from "@surety/contracts/payment-api"
import { PaymentDeclined, PaymentOutcomeUnknown, StateConflict } from "@surety/contracts/problems"
import { isDatabaseAway } from "@surety/platform/database"
import { Effect, Exit, Stream } from "effect"
import { paymentView } from "./payment-result.ts"
import { PaymentStore } from "./payment-store.ts"
import type { ProviderUnknown } from "./provider-words.ts"
import { makeSettleAuthorization } from "./settle-authorization.ts"
import { tellPayment, type Told } from "./tell-payments.ts"

type Refusal = PaymentDeclined | StateConflict | PaymentOutcomeUnknown

export const outcomeUnknown = (error: ProviderUnknown) => new PaymentOutcomeUnknown({ detail: error.message })

/** Holds the money of one order, once a reference: the intent first, then the provider, then what it said. */
export const makeAuthorize = Effect.gen(function*() {
  const store = yield* PaymentStore
  const settle = yield* makeSettleAuthorization

  const hold = Effect.fn("authorize")(function*(request: Authorize) {
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

  const told = (request: Authorize, traceparent?: string | null) =>
    tellPayment(
      "authorize",
      request.reference,
      (exit: Exit.Exit<unknown, Refusal>) => toldOf(lineOf(request, exit)),
      traceparent
    )

  const authorize = (request: Authorize) => hold(request).pipe(told(request))

  /** Each as soon as it is known, in whatever order that is. */
  const authorizeSet = (
    requests: ReadonlyArray<Authorize>,
    traceparents?: Traceparents
  ): Stream.Stream<AuthorizationResult> =>
    Stream.fromIterable(requests.entries()).pipe(
      Stream.mapEffect(
        ([place, request]) =>
          hold(request).pipe(
            Effect.tapDefect((defect) =>
              isDatabaseAway(defect) ? Effect.logWarning("database away", defect) : Effect.logError("unhandled", defect)
            ),
            told(request, traceparents?.[place]),
            Effect.exit,
            Effect.map((exit) => lineOf(request, exit))
          ),
        { concurrency: "unbounded", unordered: true }
      )
    )

  return { authorize, authorizeSet } as const
})

const lineOf = ({ reference }: Authorize, exit: Exit.Exit<unknown, Refusal>): AuthorizationResult => {
  if (Exit.isSuccess(exit)) return { reference, outcome: "authorized" }
  const error = Exit.findErrorOption(exit)
  if (error._tag === "None") return { reference, outcome: "unknown", detail: "an internal error, which is in the log" }
  switch (error.value._tag) {
    case "PaymentDeclined":
      return { reference, outcome: "declined", decline_code: error.value.decline_code, detail: error.value.message }
    case "StateConflict": {
      const { current, message } = error.value
      return { reference, outcome: "declined", decline_code: `payment_${current.toLowerCase()}`, detail: message }
    }
    case "PaymentOutcomeUnknown":
      return { reference, outcome: "unknown", detail: error.value.message }
  }
}

const toldOf = (line: AuthorizationResult): Told =>
  line.outcome === "declined"
    ? { outcome: "refused", reason: line.decline_code }
    : { outcome: line.outcome === "authorized" ? "done" : "unknown" }
