import type { PaymentResult } from "@surety/contracts/payment-api"
import type { OrderId } from "@surety/domain/ids"
import { inTraceOf } from "@surety/platform/telemetry/trace-context"
import { Effect } from "effect"
import { unknown } from "./payment-result.ts"

/**
 * How long a set waits for one of its payments, in milliseconds. A single payment gets the provider's whole patience; in a
 * set nobody waits for the slowest: it is unknown for now, and its next attempts go alone.
 */
export const SET_PATIENCE_MILLIS = 1_500

/** Asks about each payment of a set at the same time, in its own span; answers in the order of the set. */
export const sideBySide = <A extends { readonly result: PaymentResult }>(
  references: ReadonlyArray<OrderId>,
  spans: ReadonlyArray<string | undefined>,
  ask: (reference: OrderId) => Effect.Effect<A | { readonly result: PaymentResult }>
) =>
  Effect.forEach(references, (reference, place) => {
    const asked = ask(reference).pipe(inTraceOf(spans[place]))
    return references.length === 1 ? asked : Effect.timeoutOrElse(asked, {
      duration: SET_PATIENCE_MILLIS,
      orElse: () => Effect.succeed({ result: unknown(reference, `no answer in ${SET_PATIENCE_MILLIS} ms`) })
    })
  }, { concurrency: "unbounded" })
