import { type Context, Effect, Metric } from "effect"
import { monitorEventLoopDelay } from "node:perf_hooks"
import type { MetricName } from "./metric-catalogue.ts"
import { seriesOf } from "./metrics.ts"

/** How often the loop's delay is sampled; finer costs more than it tells. */
const RESOLUTION_MILLIS = 20

/** Share of one core used since it was last asked; what all threads of the process use together. */
const cpuUtilization = () => {
  let cpu = process.cpuUsage()
  let at = performance.now()
  return () => {
    const used = process.cpuUsage(cpu)
    const now = performance.now()
    const share = now > at ? (used.user + used.system) / 1000 / (now - at) : 0
    cpu = process.cpuUsage()
    at = now
    return share
  }
}

/** The gauges of the process, read when they are exported, for as long as the scope is open. */
export const runtimeMetrics = (context: Context.Context<never>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MILLIS })
      delay.enable()
      const read = (name: MetricName, get: () => number) =>
        Metric.registerUnsafe(seriesOf(name), context, {
          get: () => ({ value: get() }),
          update: () => {},
          modify: () => {}
        })
      read("nodejs.eventloop.delay.p99", () => {
        const p99 = delay.percentile(99)
        delay.reset()
        return Math.max(0, p99 / 1e9 - RESOLUTION_MILLIS / 1000)
      })
      read("v8js.memory.heap.used", () => process.memoryUsage().heapUsed)
      read("process.cpu.utilization", cpuUtilization())
      return delay
    }),
    (delay) => Effect.sync(() => delay.disable())
  )
