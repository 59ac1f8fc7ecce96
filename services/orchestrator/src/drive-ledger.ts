import { drive, type DriveSettings, type Report } from "@surety/saga/drive"
import { Cause, Effect, Layer } from "effect"
import { fulfilOrder } from "./fulfil-order.ts"
import { LedgerJournal } from "./journal-store.ts"
import type { LedgerRow } from "./ledger-row.ts"
import { Neighbours } from "./neighbours.ts"

/** What happened, as the log says it: ends, turns and troubles; a step that simply went well is in the timeline. */
const log = (report: Report<LedgerRow>): Effect.Effect<void> => {
  switch (report._tag) {
    case "Trouble":
      return Effect.andThen(
        Effect.logWarning("saga.trouble", { doing: report.doing, error: String(Cause.squash(report.cause)) }),
        Effect.logDebug("saga.trouble", report.cause)
      )
    case "Fenced":
      return Effect.logWarning("saga.fenced").pipe(Effect.annotateLogs({ "saga.order.id": report.row.id }))
    case "Recorded": {
      const { change, row } = report
      const about = { "saga.order.id": row.id, "saga.status": change.status }
      if (change.parked_reason !== null) {
        return Effect.logError("saga.parked").pipe(Effect.annotateLogs({ ...about, reason: change.parked_reason }))
      }
      if (change.ended) {
        return Effect.logInfo(change.status === "COMPLETED" ? "saga.completed" : "saga.failed").pipe(
          Effect.annotateLogs({ ...about, reason: change.reason ?? row.reason })
        )
      }
      if (change.wait_millis > 0) {
        return Effect.logInfo("saga.rescheduled").pipe(
          Effect.annotateLogs({ ...about, attempts: change.attempts, error: change.last_error })
        )
      }
      return change.undoing !== null && row.undoing === null
        ? Effect.logInfo("saga.compensation.started").pipe(Effect.annotateLogs({ ...about, reason: change.reason }))
        : Effect.void
    }
  }
}

/** The loop that leads every ledger entry to its end, for as long as the layer lives. */
export const driveLedger = (settings: { readonly drive: DriveSettings; readonly retry_unit_millis: number }) =>
  Layer.effectDiscard(
    Effect.gen(function*() {
      const journal = yield* LedgerJournal
      const neighbours = yield* Neighbours
      yield* drive(fulfilOrder(neighbours, settings.retry_unit_millis), journal, settings.drive, log)
    })
  )
