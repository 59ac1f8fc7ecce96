import { Effect } from "effect"
import { serviceNames } from "../cluster/links.ts"
import { pass, pickFrom, untilOver } from "./passing-time.ts"
import type { Storm } from "./storm.ts"

const PEACE_MILLIS = [50, 600] as const
const AWAY_MILLIS = [0, 400] as const
const TWO_AT_ONCE_SHARE = 0.3

/** Services die at any moment, sometimes two at once, and are started again. */
export const processKills: Storm = {
  name: "process-kills",
  says: "random services are SIGKILLed, one or two at a time, and started again",
  seconds: { short: 6, full: 60 },
  blow: ({ cluster: { nodes }, customers, random, seconds }) =>
    Effect.gen(function*() {
      const crowd = yield* customers()
      const kills: Record<string, number> = Object.fromEntries(serviceNames.map((name) => [`${name} killed`, 0]))
      const strike = (name: (typeof serviceNames)[number]) =>
        Effect.gen(function*() {
          yield* nodes[name].kill
          kills[`${name} killed`] = kills[`${name} killed`]! + 1
          yield* pass(random, ...AWAY_MILLIS)
          yield* nodes[name].start
        })
      const round = Effect.gen(function*() {
        yield* pass(random, ...PEACE_MILLIS)
        const victims = new Set([pickFrom(random, serviceNames)])
        if (random() < TWO_AT_ONCE_SHARE) victims.add(pickFrom(random, serviceNames))
        yield* Effect.forEach(victims, strike, { concurrency: "unbounded", discard: true })
      })
      // Each of them at least once, however short the storm.
      yield* Effect.forEach(serviceNames, strike, { concurrency: 2, discard: true })
      yield* untilOver(seconds, round)
      return { customers: crowd, injected: kills }
    })
}
