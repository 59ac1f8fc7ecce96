import type { PaymentResult } from "@surety/contracts/payment-api"
import type { OrderId } from "@surety/domain/ids"
import { Effect } from "effect"
import { unknown } from "./payment-result.ts"

/**
 * How long a set waits for one of its payments, in milliseconds. A single payment gets the provider's whole patience; in a
 * set nobody waits for the slowest: it is unknown for now, and its next attempts go alone.
 */
export const SET_PATIENCE_MILLIS = 1_500

/** Asks about each payment of a set at the same time; answers in the order of the set. */
export const sideBySide = <A extends { readonly result: PaymentResult }>(
  references: ReadonlyArray<OrderId>,
  ask: (reference: OrderId) => Effect.Effect<A | { readonly result: PaymentResult }>
) =>
  Effect.forEach(references, (reference) =>
    references.length === 1 ? ask(reference) : ask(reference).pipe(
      Effect.timeoutOrElse({
        duration: SET_PATIENCE_MILLIS,
        orElse: () => Effect.succeed({ result: unknown(reference, `no answer in ${SET_PATIENCE_MILLIS} ms`) })
      })
    ), { concurrency: "unbounded" })
