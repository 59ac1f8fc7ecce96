import { Effect } from "effect"
import type { Authorized } from "./answer.ts"
import type { HeldEntry } from "./ledger-store.ts"
import type { Neighbours } from "./neighbours.ts"

/** Asks for the money. Only a definite answer is an answer; everything else, however it failed, is Unknown. */
export const authorizePayment = (
  { payment }: Neighbours["Service"],
  entry: HeldEntry,
  token: string,
  timeoutMillis: number
): Effect.Effect<Authorized> =>
  payment.payments.authorize({
    payload: { reference: entry.id, amount_cents: entry.total_cents, currency: entry.currency, token }
  }).pipe(
    Effect.as<Authorized>({ _tag: "Authorized" }),
    Effect.catchTags({
      PaymentDeclined: (no) => Effect.succeed(declined(no.decline_code, no.message)),
      StateConflict: (no) => Effect.succeed(declined(`payment_${no.current.toLowerCase()}`, no.message))
    }),
    Effect.timeout(timeoutMillis),
    Effect.catchCause((cause) =>
      Effect.as(
        Effect.logWarning("payment.authorization.unknown", cause).pipe(
          Effect.annotateLogs({ "saga.order.id": entry.id })
        ),
        { _tag: "Unknown", detail: "the payment service gave no definite answer" } satisfies Authorized
      )
    )
  )

const declined = (decline_code: string, detail: string): Authorized => ({ _tag: "Declined", decline_code, detail })
