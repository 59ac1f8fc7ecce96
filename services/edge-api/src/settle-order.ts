import { logEvent } from "@surety/platform/telemetry/event-logs"
import { count } from "@surety/platform/telemetry/metrics"
import { Effect } from "effect"
import type { LedgerStore, Settlement } from "./ledger-store.ts"

/** Writes down what became of an authorization, and if it counted, says so. False: somebody else's answer counts. */
export const settleOrder = (ledger: LedgerStore["Service"], settlement: Settlement): Effect.Effect<boolean> =>
  Effect.tap(ledger.settle(settlement), (counted) => counted ? tell(settlement) : Effect.void)

const tell = ({ entry, outcome }: Settlement): Effect.Effect<void> => {
  const about = { "saga.order.id": entry.id }
  switch (outcome._tag) {
    case "Authorized":
      return Effect.andThen(count("saga.orders.accepted"), logEvent("order.accepted", about))
    case "Declined": {
      const reason = outcome.decline_code === "authorization_timed_out" ? "authorization_timed_out" : "declined"
      const end = { "saga.outcome": "authorization_failed", "saga.failure.reason": reason } as const
      return Effect.andThen(count("saga.orders.completed", end), logEvent("order.rejected", { ...about, ...end }))
    }
    case "Unknown":
      return logEvent("payment.unknown", about, "Warn")
  }
}
