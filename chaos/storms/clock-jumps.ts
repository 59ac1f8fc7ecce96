import { Effect } from "effect"
import { serviceNames } from "../cluster/links.ts"
import { until } from "./passing-time.ts"
import type { Storm } from "./storm.ts"

const JUMPS_EACH = { short: 3, full: 12 } as const
const JUMPS_EVERY_MILLIS = { short: 300, full: 700 } as const
const TARGETS = { short: ["edge-api", "orchestrator"], full: serviceNames } as const
const PRELOAD = new URL("./shifting-clock.ts", import.meta.url).href

/** Whose clock jumps has been unlucky with NTP, a suspended machine, or a hand: all that counts is the database's clock. */
export const clockJumps: Storm = {
  name: "clock-jumps",
  says: "each service in turn has a clock that jumps by ±24 h again and again; the database's clock stays",
  blow: ({ cluster: { nodes }, customers, scale }) =>
    Effect.gen(function*() {
      const crowd = yield* customers()
      const jumped: Record<string, number> = {}
      for (const name of TARGETS[scale]) {
        const node = nodes[name]
        const before = node.count("clock.jumped")
        yield* node.terminate
        yield* node.restartWith({
          NODE_OPTIONS: `--import=${PRELOAD}`,
          CLOCK_JUMPS_EVERY_MILLIS: `${JUMPS_EVERY_MILLIS[scale]}`
        })
        const jumps = Effect.sync(() => node.count("clock.jumped") - before)
        const answered = crowd.answered()
        const isEnough = (n: number) => n >= JUMPS_EACH[scale] && crowd.answered() > answered
        yield* until(`jumps of ${name}`, Effect.map(jumps, isEnough))
        jumped[`jumps of the clock of ${name}`] = yield* jumps
        yield* node.terminate
        yield* node.start
      }
      return { customers: crowd, injected: jumped }
    })
}
