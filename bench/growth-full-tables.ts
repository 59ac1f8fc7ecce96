import { Effect } from "effect"
import { fillCompleted } from "./growth-fill.ts"
import type { GrowthResult } from "./growth-result.ts"
import { cpuOf } from "./meter.ts"
import { runLoad } from "./run-load.ts"
import type { RunningBench } from "./run-workloads.ts"
import { figuresTable } from "./show-figures.ts"
import { digits } from "./table.ts"

const ORDERS = 1_000_000
const KEPT_SHARE = 0.9
/**
 * The first change of a page after a checkpoint writes all of it (`full_page_writes`): in a large table that is every other
 * change at first, and hardly one in ten after a minute. Checkpoints come every five.
 */
const SECONDS_MIN = 60

/** Full load on a database that is empty but for a run before, and again with a million orders and movements in it. */
export const fullTables = Effect.fn("fullTables")(function*(bench: RunningBench, wish: { readonly seconds: number }) {
  const seconds = Math.max(SECONDS_MIN, wish.seconds)
  const load = { loop: "closed", workload: "uniform", in_flight: 128, seconds } as const
  const empty = yield* runLoad(bench, load, "empty")
  const began = performance.now()
  yield* fillCompleted(ORDERS)
  console.log(`${ORDERS} orders and movements filled in within ${digits((performance.now() - began) / 1000)} s`)
  const full = yield* runLoad(bench, load, "full", 2)
  console.log(figuresTable([empty, full]))
  const value = full.completed_per_second / empty.completed_per_second
  return {
    name: `${ORDERS.toLocaleString("en-US")} orders that have ended, and as many movements`,
    head: ["", "completed/s", "CPU ms an order", "WAL bytes an order", "cores busy with other things"],
    rows: [empty, full].map((f) => [
      f.load,
      digits(f.completed_per_second),
      digits(1000 * cpuOf(f)),
      digits(f.bill.wal_bytes),
      digits(f.foreign_cores)
    ]),
    goal: `completed/s at least ${KEPT_SHARE} × that of the empty database`,
    value,
    met: value >= KEPT_SHARE
  } satisfies GrowthResult
})
