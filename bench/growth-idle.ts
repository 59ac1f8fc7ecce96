import { Effect } from "effect"
import type { GrowthResult } from "./growth-result.ts"
import { measure } from "./meter.ts"
import type { RunningBench } from "./run-workloads.ts"
import { digits, percent } from "./table.ts"

const SECONDS = 30
/** What a JIT, a vacuum and a pool that shrinks still have to do after the last load. */
const SETTLE_SECONDS = 10
const SHARE_MAX = 0.01

/** What the whole system takes of a core while nothing comes. */
export const idle = Effect.fn("idle")(function*(bench: RunningBench) {
  yield* Effect.sleep(SETTLE_SECONDS * 1000)
  const { cost } = yield* measure(bench.consumers, Effect.sleep(SECONDS * 1000))
  const shares = Object.entries(cost.cpu_seconds).map(([name, seconds]) => [name, seconds / SECONDS] as const)
  const value = shares.filter(([name]) => name !== "load generator").reduce((sum, [, share]) => sum + share, 0)
  return {
    name: `nothing to do for ${SECONDS} s`,
    head: ["process", "of a core"],
    rows: [...shares.map(([name, share]) => [name, percent(share)]), [
      "statements/s",
      digits((cost.bill.statements ?? 0) / SECONDS)
    ]],
    goal: `the whole system at most ${percent(SHARE_MAX)} of a core, here in percent`,
    value: value * 100,
    met: value <= SHARE_MAX
  } satisfies GrowthResult
})
