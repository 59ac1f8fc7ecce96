import { Effect } from "effect"
import { drainBacklog, type Drained } from "./drain-backlog.ts"
import type { GrowthResult } from "./growth-result.ts"
import { cpuOf } from "./meter.ts"
import type { RunningBench } from "./run-workloads.ts"
import { digits } from "./table.ts"

const ORDERS = 6_000
const COUNTS = [1, 2, 4]
const KEPT_SHARE = 0.9

/** More orchestrators on the same two cores: no slower, and nothing done twice. */
export const orchestrators = Effect.fn("orchestrators")(function*(bench: RunningBench) {
  const processes = [...bench.consumers.processes]
  const crowd: RunningBench = { ...bench, consumers: { ...bench.consumers, processes } }
  const drained: Array<Drained> = []
  let running = 1
  for (const count of COUNTS) {
    for (; running < count; running += 1) {
      processes.push(yield* bench.stack.another("orchestrator", `orchestrator ${running + 1}`))
    }
    yield* drainBacklog(crowd, ORDERS / 3)
    drained.push(yield* drainBacklog(crowd, ORDERS))
  }
  const slowest = Math.min(...drained.map(({ per_second }) => per_second)) / drained[0]!.per_second
  const once = drained.every((d) => d.captures_an_order === 1 && d.leases_expired === 0)
  return {
    name: `orchestrators on one database, a backlog of ${ORDERS.toLocaleString("en-US")} orders each time`,
    head: [
      "orchestrators",
      "drained/s",
      "CPU ms an order",
      "claims an order",
      "leases expired",
      "captures an order",
      "cores busy with other things"
    ],
    rows: drained.map((d, i) => [
      `${COUNTS[i]}`,
      digits(d.per_second),
      digits(1000 * cpuOf(d)),
      digits(d.claims_an_order),
      digits(d.leases_expired),
      digits(d.captures_an_order),
      digits(d.foreign_cores)
    ]),
    goal: `none slower than ${KEPT_SHARE} × one alone, no lease expired, one capture an order`,
    value: slowest,
    met: slowest >= KEPT_SHARE && once
  } satisfies GrowthResult
})
