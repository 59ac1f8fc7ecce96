import type { Traceparents } from "@surety/contracts/manners"
import type { OrderId } from "@surety/domain/ids"
import { errorTypeOfCause } from "@surety/platform/telemetry/error-type"
import { type SpanEnd, spansFor } from "@surety/platform/telemetry/trace-context"
import { type Effect, Exit, Result } from "effect"
import type { Outcome } from "./outcome.ts"

export type Verb = "create order" | "confirm order" | "cancel order"

/**
 * A span for each order, in that order's own trace; in the trace of the request where that is not known. A refusal is an
 * outcome and no error.
 */
export const traceOrders = <Problem>(
  verb: Verb,
  ids: ReadonlyArray<OrderId>,
  traceparents: Traceparents | undefined,
  outcomes: Effect.Effect<ReadonlyArray<Outcome<Problem>>>
) =>
  spansFor(
    ids,
    (id, place) => ({ name: verb, parent: traceparents?.[place], attributes: { "saga.order.id": id } }),
    () => outcomes,
    (_, place, exit) => Exit.isSuccess(exit) ? endOf(exit.value[place]!) : { error_type: errorTypeOfCause(exit.cause) }
  )

const endOf = (outcome: Outcome<unknown>): SpanEnd => ({
  attributes: Result.match(outcome, {
    onSuccess: () => ({ "orders.outcome": "done" }),
    onFailure: ({ reason }) => ({ "orders.outcome": "refused", "saga.failure.reason": reason })
  })
})
