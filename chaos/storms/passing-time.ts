import { Effect, Schedule } from "effect"

/** Between two numbers, by a random one. */
export const between = (random: () => number, least: number, most: number): number => least + random() * (most - least)

export const pickFrom = <A>(random: () => number, of: ReadonlyArray<A>): A => of[Math.floor(random() * of.length)]!

/** So many milliseconds of the storm, or between so many. */
export const pass = (random: () => number, leastMillis: number, mostMillis: number): Effect.Effect<void> =>
  Effect.suspend(() => Effect.sleep(between(random, leastMillis, mostMillis)))

/** Waits until something is so, and dies with what was waited for if it does not come about. */
export const until = (what: string, isSo: Effect.Effect<boolean>, limit: `${number} seconds` = "60 seconds") =>
  isSo.pipe(
    Effect.repeat({ until: (so) => so, schedule: Schedule.spaced("20 millis") }),
    Effect.timeoutOrElse({ duration: limit, orElse: () => Effect.die(new Error(`it never came about: ${what}`)) }),
    Effect.asVoid
  )

/** Does something again and again until so many seconds are over; what has begun is finished. */
export const untilOver = <A, E, R>(seconds: number, once: Effect.Effect<A, E, R>): Effect.Effect<void, E, R> =>
  Effect.suspend(() => {
    const end = performance.now() + seconds * 1000
    return Effect.asVoid(Effect.repeat(once, { until: () => performance.now() >= end }))
  })
