import type { Traceparents } from "@surety/contracts/manners"
import type { OrderId } from "@surety/domain/ids"
import type { inventoryOperations } from "@surety/platform/telemetry/catalogue"
import { errorTypeOfCause } from "@surety/platform/telemetry/error-type"
import { logEvent } from "@surety/platform/telemetry/event-logs"
import { count } from "@surety/platform/telemetry/metrics"
import { inTraceOf, type SpanAttributes, spansFor } from "@surety/platform/telemetry/trace-context"
import { Effect, Exit } from "effect"
import type { Settled } from "./reservation-store.ts"

export type Operation = (typeof inventoryOperations)[number]

/** Where an order's reservation stands after what was asked; `settled` or a decision says that it was changed just now. */
export type Standing =
  & Pick<Settled, "order_id" | "status" | "expired" | "warehouse_id" | "reason" | "decision">
  & { readonly settled?: boolean }

/** Which warehouse it was, of how many that were looked at, and how many metres away; of one decided just now. */
const wayOf = ({ decision, warehouse_id }: Standing): SpanAttributes => ({
  "inventory.warehouse.id": warehouse_id ?? undefined,
  ...(decision === undefined ? {} : {
    "inventory.candidates": (decision.seen?.length ?? 0) + (decision.m === undefined ? 0 : 1),
    "inventory.distance": decision.m
  })
})

/** What was written is said once, by who wrote it. */
const logged = (operation: Operation, standing: Standing): Effect.Effect<void> => {
  const about = { "saga.order.id": standing.order_id, "inventory.warehouse.id": standing.warehouse_id ?? undefined }
  if (operation === "release" && standing.settled === true) return logEvent("inventory.released", about)
  if (operation !== "reserve" || standing.decision === undefined) return Effect.void
  return standing.reason === null
    ? logEvent("inventory.reserved", about)
    : logEvent("inventory.rejected", { ...about, "saga.failure.reason": standing.reason })
}

/**
 * A span for each order of a set, in that order's own trace or, where that is not known, in the request's; and how each came
 * out as metrics and logs. A refusal, which `refusalOf` finds in a standing, is an outcome and no error.
 */
export const tellReservations = <E, R>(
  operation: Operation,
  ids: ReadonlyArray<OrderId>,
  traceparents: Traceparents | undefined,
  refusalOf: (standing: Standing) => string | undefined,
  run: Effect.Effect<ReadonlyArray<Standing>, E, R>
) =>
  spansFor(
    ids,
    (id, place) => ({
      name: `${operation} stock`,
      parent: traceparents?.[place],
      attributes: { "saga.order.id": id }
    }),
    (spans) =>
      run.pipe(
        Effect.map((standings) => new Map(standings.map((standing) => [standing.order_id, standing]))),
        Effect.tap((standings) =>
          Effect.forEach(
            standings.values(),
            (standing) => logged(operation, standing).pipe(inTraceOf(spans[ids.indexOf(standing.order_id)])),
            { discard: true }
          )
        ),
        Effect.tap((standings) =>
          Effect.forEach(ids, (id) =>
            count("inventory.reservations", {
              "inventory.operation": operation,
              "inventory.outcome": refusalOf(standings.get(id)!) === undefined ? "done" : "refused"
            }), { discard: true })
        )
      ),
    (id, _, exit) => {
      if (Exit.isFailure(exit)) return { error_type: errorTypeOfCause(exit.cause) }
      const standing = exit.value.get(id)!
      const refusal = refusalOf(standing)
      const outcome = {
        "inventory.outcome": refusal === undefined ? "done" : "refused",
        "saga.failure.reason": refusal
      }
      return { attributes: { ...outcome, ...wayOf(standing) } }
    }
  )
