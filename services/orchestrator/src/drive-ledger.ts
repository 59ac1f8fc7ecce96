import { observe } from "@surety/platform/telemetry/metrics"
import { withoutTracing } from "@surety/platform/telemetry/trace-context"
import { drive, type DriveSettings } from "@surety/saga/drive"
import { Clock, Effect, Exit, Layer } from "effect"
import { fulfilOrder } from "./fulfil-order.ts"
import { LedgerJournal } from "./journal-store.ts"
import { Neighbours } from "./neighbours.ts"
import { watchSagas } from "./trace-sagas.ts"

/** How long a look for due orders takes is measured; as a trace it would tell nothing, ten times a second. */
const measured = <A, E>(poll: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.gen(function*() {
    const begun = yield* Clock.currentTimeMillis
    const exit = yield* Effect.exit(withoutTracing(poll))
    const seconds = ((yield* Clock.currentTimeMillis) - begun) / 1000
    yield* observe("saga.poll.duration", seconds, { "error.type": Exit.isSuccess(exit) ? "none" : "database" })
    return yield* exit
  })

/** The loop that leads every ledger entry to its end, for as long as the layer lives. */
export const driveLedger = (settings: { readonly drive: DriveSettings; readonly retry_unit_millis: number }) =>
  Layer.effectDiscard(
    Effect.gen(function*() {
      const { claim, record } = yield* LedgerJournal
      const saga = fulfilOrder(yield* Neighbours, settings.retry_unit_millis)
      const journal = { claim: (limit: number) => measured(claim(limit)), record }
      yield* drive(saga, journal, settings.drive, watchSagas())
    })
  )
