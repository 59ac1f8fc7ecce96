import type { Traceparents } from "@surety/contracts/manners"
import type { PaymentResult } from "@surety/contracts/payment-api"
import type { OrderId } from "@surety/domain/ids"
import type { paymentOperations } from "@surety/platform/telemetry/catalogue"
import { errorTypeOfCause } from "@surety/platform/telemetry/error-type"
import { logEvent } from "@surety/platform/telemetry/event-logs"
import { count } from "@surety/platform/telemetry/metrics"
import { annotateSpan, inSpan, inTraceOf, type SpanEnd, spansFor } from "@surety/platform/telemetry/trace-context"
import { Effect, Exit } from "effect"
import type { PaymentRow } from "./payment-store.ts"

type Operation = (typeof paymentOperations)[number]

/** How it came out, as far as traces may know: what is stuck speaks of amounts, what is unknown repeats the provider. */
export interface Told {
  readonly outcome: PaymentResult["outcome"]
  /** Of a refusal: one of our words, or the provider's code. */
  readonly reason?: string
}

const endOf = ({ outcome, reason }: Told): SpanEnd => ({
  attributes: { "payment.outcome": outcome, "saga.failure.reason": outcome === "refused" ? reason : undefined },
  error_type: outcome === "unknown" || outcome === "stuck" ? outcome : undefined
})

const counted = (operation: Operation, { outcome }: Told) =>
  count("payment.operations", { "payment.operation": operation, "payment.outcome": outcome })

const unknown: Told = { outcome: "unknown" }

/**
 * A span for each payment of a set, in its order's own trace or, where that is not known, in the request's; `run` gets
 * their contexts. A refusal is an outcome and no error.
 */
export const tellPayments = (
  operation: Operation,
  references: ReadonlyArray<OrderId>,
  traceparents: Traceparents | undefined,
  run: (spans: ReadonlyArray<string | undefined>) => Effect.Effect<ReadonlyArray<PaymentResult>>
) =>
  spansFor(
    references,
    (reference, place) => ({
      name: `${operation} payment`,
      parent: traceparents?.[place],
      attributes: { "saga.order.id": reference }
    }),
    (spans) =>
      Effect.onExit(run(spans), (exit) =>
        Effect.forEach(
          Exit.isSuccess(exit) ? exit.value : references.map(() => unknown),
          (result) => counted(operation, result),
          { discard: true }
        )),
    (_, place, exit) => Exit.isSuccess(exit) ? endOf(exit.value[place]!) : { error_type: errorTypeOfCause(exit.cause) }
  )

/** The same for one payment, whose failures are outcomes too: `toldOf` says which. */
export const tellPayment = <A, E>(
  operation: Operation,
  reference: OrderId,
  toldOf: (exit: Exit.Exit<A, E>) => Told,
  traceparent?: string | null
) =>
<B extends A, F extends E>(asked: Effect.Effect<B, F>): Effect.Effect<B, F> =>
  asked.pipe(
    Effect.exit,
    Effect.tap((exit) => {
      const told = toldOf(exit)
      const { attributes, error_type } = endOf(told)
      const error = Exit.isFailure(exit) && Exit.hasDies(exit) ? errorTypeOfCause(exit.cause) : error_type
      return Effect.andThen(counted(operation, told), annotateSpan({ ...attributes, "error.type": error }))
    }),
    inSpan(`${operation} payment`, { parent: traceparent, attributes: { "saga.order.id": reference } }),
    Effect.flatten
  )

/** What payments become; a refused capture is the bank's no as well. */
const events = {
  AUTHORIZED: "payment.authorized",
  DECLINED: "payment.declined",
  CAPTURED: "payment.captured",
  CAPTURE_REFUSED: "payment.declined",
  VOIDED: "payment.voided",
  REFUNDED: "payment.refunded"
} as const

/** Says what a payment has become, in the current trace, and once: whoever wrote it down says it. */
export const logBecome = (
  { reference, refusal_code, status }: Pick<PaymentRow, "reference" | "refusal_code" | "status">
): Effect.Effect<void> =>
  status === "AUTHORIZING" ? Effect.void : logEvent(events[status], {
    "saga.order.id": reference,
    "saga.failure.reason": events[status] === "payment.declined" ? refusal_code ?? undefined : undefined
  })

/** The same for those of a set that have become anything, each in its own span. */
export const logAllBecome = (
  rows: ReadonlyArray<PaymentRow>,
  references: ReadonlyArray<OrderId>,
  spans: ReadonlyArray<string | undefined>
) =>
  Effect.forEach(rows, (row) => logBecome(row).pipe(inTraceOf(spans[references.indexOf(row.reference)])), {
    discard: true
  })
