import { assert, describe, it } from "@effect/vitest"
import { services } from "@surety/platform/telemetry/catalogue"
import { httpCall } from "@surety/testkit/http-call"
import { otlpReceiver } from "@surety/testkit/otlp-receiver"
import { testDatabase } from "@surety/testkit/test-database"
import { Effect, Logger, References } from "effect"
import { runStack } from "../src/run-stack.ts"

const anyPort = Object.fromEntries(
  ["EDGE_API", "INVENTORY", "PAYMENT", "ORDERS", "ORCHESTRATOR", "SIMULATOR"].map((name) => [`${name}_PORT`, "0"])
)

describe("five services in one process", () => {
  it.live("are five to their collector, from their start to their stop, while the terminal hears of troubles only", () =>
    Effect.gen(function*() {
      const receiver = yield* otlpReceiver
      const database = yield* testDatabase
      const said: Array<unknown> = []
      const terminal = Logger.make(({ logLevel, message }) => void said.push([logLevel, message]))
      yield* Effect.gen(function*() {
        const urls = yield* runStack(database, {
          ...anyPort,
          OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
          OTEL_BSP_SCHEDULE_DELAY: "50"
        })
        yield* httpCall("GET", `${urls.inventory}/products`)
        yield* httpCall("GET", `${urls.edge_api}/orders`)
        yield* receiver.awaitSpan(({ name, service }) => service === "inventory" && name === "GET /products")
        yield* receiver.awaitSpan(({ name, service }) => service === "edge-api" && name === "GET /orders")
        yield* Effect.logWarning("only this")
      }).pipe(
        Effect.scoped,
        Effect.provide(Logger.layer([terminal])),
        Effect.provideService(References.MinimumLogLevel, "Warn")
      )
      for (const service of services) {
        const events = receiver.logs().filter((log) => log.service === service).map(({ event }) => event)
        const lifecycle = events.filter((event) => event?.startsWith("service."))
        assert.deepStrictEqual(lifecycle, [
          "service.listening",
          "service.started",
          "service.stopping",
          "service.stopped"
        ])
      }
      assert.deepStrictEqual(said, [["Warn", ["only this"]]])
      assert.strictEqual(new Set(receiver.series().map(({ service }) => service)).size, services.length)
    }).pipe(Effect.scoped))
})
