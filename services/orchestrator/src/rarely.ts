import { databaseDefectsAsFailures } from "@surety/platform/database"
import { withoutTracing } from "@surety/platform/telemetry/trace-context"
import { Duration, Effect } from "effect"

/** Work that no order waits for may have this part of the time: 1 / 50. */
const TIMES_AS_LONG = 50

/**
 * Works, over and over, every so many milliseconds; and however long it takes, for 2 % of the time and no more. What fails
 * is logged under its name, and tried again the next time.
 */
export const rarely = <A, E, R>(name: string, every_millis: number, work: Effect.Effect<A, E, R>) =>
  work.pipe(
    databaseDefectsAsFailures,
    Effect.catchCause((cause) => Effect.logWarning(`${name}.trouble`, cause)),
    Effect.timed,
    Effect.flatMap(([took]) => Effect.sleep(Math.max(every_millis, Duration.toMillis(took) * TIMES_AS_LONG))),
    Effect.forever,
    withoutTracing
  )
