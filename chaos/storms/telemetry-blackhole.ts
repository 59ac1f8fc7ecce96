import { Effect } from "effect"
import { type AddressInfo, createServer, type Socket } from "node:net"
import { type ServiceName, serviceNames } from "../cluster/links.ts"
import type { Check } from "../cluster/verdict-checks.ts"
import type { Storm } from "./storm.ts"

const STOP_SECONDS_MAX = 20

interface Blackhole {
  readonly port: number
  readonly connections: () => number
  readonly bytes: () => number
  readonly close: () => void
}

/** Takes every connection and every byte, and never says a word. */
const blackhole = Effect.acquireRelease(
  Effect.callback<Blackhole>(
    (resume) => {
      const open = new Set<Socket>()
      let connections = 0
      let bytes = 0
      const server = createServer((socket) => {
        connections += 1
        open.add(socket.on("error", () => {}).once("close", () => open.delete(socket)))
        socket.on("data", (chunk: Buffer) => void (bytes += chunk.length))
      })
      const close = () => {
        server.close()
        for (const socket of open) socket.destroy()
      }
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo
        resume(Effect.succeed({ port, connections: () => connections, bytes: () => bytes, close }))
      })
    }
  ),
  ({ close }) => Effect.sync(close)
)

/** Telemetry is a guest: one that hangs must cost neither an order nor a stop. */
export const telemetryBlackhole: Storm = {
  name: "telemetry-blackhole",
  says: "the telemetry endpoint takes connections and never answers, from the start to the stop of every service",
  seconds: { short: 5, full: 40 },
  blow: ({ cluster: { nodes }, customers, seconds }) =>
    Effect.gen(function*() {
      const hole = yield* blackhole
      const observed = {
        OTEL_SDK_DISABLED: "false",
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${hole.port}`,
        OTEL_BSP_SCHEDULE_DELAY: "200",
        OTEL_BLRP_SCHEDULE_DELAY: "200",
        OTEL_METRIC_EXPORT_INTERVAL: "1000"
      }
      yield* Effect.forEach(serviceNames, (name) => nodes[name].restartWith(observed), {
        concurrency: 2,
        discard: true
      })
      const crowd = yield* customers()
      yield* Effect.sleep(seconds * 1000)
      const stop = Effect.fnUntraced(function*(name: ServiceName) {
        const asked = performance.now()
        const end = yield* nodes[name].terminate
        return { name, end, took: (performance.now() - asked) / 1000 }
      })
      const stops = yield* Effect.forEach(serviceNames, stop, { concurrency: "unbounded" })
      const wrong = stops.filter(({ end, took }) => end !== 0 || took > STOP_SECONDS_MAX)
      const longest = Math.max(...stops.map(({ took }) => took))
      const check: Check = {
        what: `every stop exits 0 within ${STOP_SECONDS_MAX} s, telemetry unsent`,
        holds: wrong.length === 0,
        found: wrong.length === 0 ? `the longest took ${longest.toFixed(1)} s` : JSON.stringify(wrong)
      }
      return {
        customers: crowd,
        injected: { "connections swallowed": hole.connections(), "kB swallowed": Math.round(hole.bytes() / 1024) },
        checks: [check]
      }
    })
}
