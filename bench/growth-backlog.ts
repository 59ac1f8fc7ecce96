import { Effect } from "effect"
import { drainBacklog } from "./drain-backlog.ts"
import type { GrowthResult } from "./growth-result.ts"
import { cpuOf } from "./meter.ts"
import type { RunningBench } from "./run-workloads.ts"
import { digits } from "./table.ts"

const SMALL = 4_000
const LARGE = 50_000
const KEPT_SHARE = 0.9

/** A large backlog must drain as fast as a small one. */
export const backlog = Effect.fn("backlog")(function*(bench: RunningBench) {
  yield* drainBacklog(bench, SMALL)
  const small = yield* drainBacklog(bench, SMALL)
  const large = yield* drainBacklog(bench, LARGE)
  const value = large.per_second / small.per_second
  return {
    name: "a backlog of orders whose payment is authorized, while nothing new comes",
    head: ["orders", "drained/s", "CPU ms an order", "WAL bytes an order", "cores busy with other things"],
    rows: [small, large].map((drained) => [
      drained.orders.toLocaleString("en-US"),
      digits(drained.per_second),
      digits(1000 * cpuOf(drained)),
      digits(drained.bill.wal_bytes),
      digits(drained.foreign_cores)
    ]),
    goal: `the large one at least ${KEPT_SHARE} × as fast as the small one`,
    value,
    met: value >= KEPT_SHARE
  } satisfies GrowthResult
})
