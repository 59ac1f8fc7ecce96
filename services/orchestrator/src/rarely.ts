import { databaseDefectsAsFailures } from "@surety/platform/database"
import { withoutTracing } from "@surety/platform/telemetry/trace-context"
import { Duration, Effect } from "effect"

/** Work that no order waits for may have this part of the time: 1 / 50. */
const TIMES_AS_LONG = 50

/** And comes at the least as often as this many times its period: on a busy machine work is slow, and yet to be done. */
const PERIODS = 50

const rest = (period: number, took: number) => Math.min(Math.max(period, took * TIMES_AS_LONG), period * PERIODS)

/**
 * Works, over and over, every so many milliseconds; what takes longer than 2 % of the period rests for longer, up to fifty
 * periods. What fails is logged under its name, and tried again the next time.
 */
export const rarely = <A, E, R>(name: string, every_millis: number, work: Effect.Effect<A, E, R>) =>
  work.pipe(
    databaseDefectsAsFailures,
    Effect.catchCause((cause) => Effect.logWarning(`${name}.trouble`, cause)),
    Effect.timed,
    Effect.flatMap(([took]) => Effect.sleep(rest(every_millis, Duration.toMillis(took)))),
    Effect.forever,
    withoutTracing
  )
