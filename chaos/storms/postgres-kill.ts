import { Effect } from "effect"
import { pass, until } from "./passing-time.ts"
import type { Storm } from "./storm.ts"

const ORDERS = { short: 60, full: 5_000 } as const
const KILLS_MIN = { short: 2, full: 10 } as const
/** Between two kills; what DBOS's chaos test leaves between two stops. */
const PEACE_MILLIS = { short: [800, 1_500], full: [5_000, 10_000] } as const
const AWAY_MILLIS = [100, 1_000] as const

/** The database goes as a machine goes: no shutdown, no checkpoint, in the middle of commits. */
export const postgresKill: Storm = {
  name: "postgres-kill",
  says: "PostgreSQL, postmaster and all, is SIGKILLed every 5–10 s while 5,000 orders come in, and started again",
  blow: ({ customers, postgres, random, scale }) =>
    Effect.gen(function*() {
      const crowd = yield* customers({ patience: { order_seconds: 120 } })
      const [peaceLeast, peaceMost] = PEACE_MILLIS[scale]
      let kills = 0
      const kill = Effect.gen(function*() {
        yield* pass(random, peaceLeast, peaceMost)
        yield* postgres.kill
        kills += 1
        yield* pass(random, ...AWAY_MILLIS)
        yield* postgres.start
      })
      yield* Effect.repeat(kill, { until: () => kills >= KILLS_MIN[scale] && crowd.answered() >= ORDERS[scale] })
      yield* until("answers after the last kill", answersAfter(crowd.answered, 20))
      return { customers: crowd, injected: { "PostgreSQL killed": kills } }
    })
}

const answersAfter = (answered: () => number, more: number) => {
  const before = answered()
  return Effect.sync(() => answered() >= before + more)
}
