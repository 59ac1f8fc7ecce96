import { assert, describe, it } from "@effect/vitest"
import { httpCall } from "@surety/testkit/http-call"
import { otlpReceiver, type Temper } from "@surety/testkit/otlp-receiver"
import { testDatabase } from "@surety/testkit/test-database"
import { Effect, Exit, Redacted, Scope } from "effect"
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { sendingTo, toyService } from "./toy-service.ts"

const STOP_MAX_MILLIS = 3_000

/** The toy as a process, from its first log line on that says where it listens. */
const toyProcess = (database: Redacted.Redacted, endpoint: string) =>
  Effect.callback<{ url: string; stop: Effect.Effect<{ code: number | null; millis: number }> }>((resume) => {
    const child = spawn(process.execPath, [`${import.meta.dirname}/toy-main.ts`], {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        PATH: process.env["PATH"],
        DATABASE_URL: Redacted.value(database),
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
        OTEL_BSP_SCHEDULE_DELAY: "60000"
      }
    })
    const stop = Effect.callback<{ code: number | null; millis: number }>((resume) => {
      const from = performance.now()
      child.once("exit", (code) => resume(Effect.succeed({ code, millis: performance.now() - from })))
      child.kill("SIGTERM")
    })
    createInterface({ input: child.stdout }).on("line", (line) => {
      const url = /"service\.listening".*(http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1]
      if (url !== undefined) resume(Effect.succeed({ url, stop }))
    })
  })

describe("a collector", () => {
  it.live("that is away for 5 s costs no span", () =>
    Effect.gen(function*() {
      const receiver = yield* otlpReceiver
      const database = yield* testDatabase
      yield* receiver.become("unavailable")
      const { url } = yield* toyService({ name: "orders", database, telemetry: sendingTo(receiver.endpoint) })
      const ids = yield* Effect.forEach(
        Array.from({ length: 50 }, (_, i) => i),
        () =>
          Effect.map(httpCall("GET", `${url}/things/1`), ({ headers }) => headers.get("x-trace-id")!).pipe(
            Effect.delay("100 millis")
          )
      )
      yield* receiver.become("takes")
      yield* receiver.until("every span", () => ids.every((id) => receiver.spansOf(id).length === 2) || undefined)
      assert.strictEqual(receiver.spans().length, 100)
    }).pipe(Effect.scoped), 40_000)

  it.live.each<Temper>(["closed", "hangs", "unavailable"])(
    "that is %s delays neither a request nor a stop",
    (temper) =>
      Effect.gen(function*() {
        const receiver = yield* otlpReceiver
        const database = yield* testDatabase
        yield* receiver.become(temper)
        const scope = yield* Scope.make()
        const { url } = yield* toyService({ name: "orders", database, telemetry: sendingTo(receiver.endpoint) }).pipe(
          Scope.provide(scope)
        )
        const answer = yield* httpCall("GET", `${url}/things/1`)
        assert.strictEqual(answer.status, 200)
        const from = performance.now()
        yield* Scope.close(scope, Exit.void)
        assert.isBelow(performance.now() - from, STOP_MAX_MILLIS)
      }).pipe(Effect.scoped)
  )

  it.live("that refuses what it gets is complained about once, and the losses are counted", () =>
    Effect.gen(function*() {
      const receiver = yield* otlpReceiver
      const database = yield* testDatabase
      yield* receiver.become("refuses")
      const toy = yield* toyService({ name: "orders", database, telemetry: sendingTo(receiver.endpoint) })
      yield* receiver.until("five refused", () => receiver.requests() >= 5 || undefined)
      yield* httpCall("GET", `${toy.url}/things/1`)
      yield* receiver.until(
        "refused spans",
        () => receiver.bodies().some((body) => body.includes("resourceSpans")) || undefined
      )
      yield* receiver.become("takes")
      yield* receiver.awaitSeries((one) =>
        one.name === "telemetry.lost" && one.labels["telemetry.signal"] === "traces" && one.value === 2
      )
      assert.strictEqual(toy.said.filter((line) => line.includes("telemetry.lost")).length, 1)
    }).pipe(Effect.scoped))

  it.live("gets everything a process still had when it was told to stop, the last word too", () =>
    Effect.gen(function*() {
      const receiver = yield* otlpReceiver
      const toy = yield* toyProcess(yield* testDatabase, receiver.endpoint)
      const { headers } = yield* httpCall("GET", `${toy.url}/things/1`)
      const { code, millis } = yield* toy.stop
      assert.strictEqual(code, 0)
      assert.isBelow(millis, STOP_MAX_MILLIS)
      assert.deepStrictEqual(receiver.spansOf(headers.get("x-trace-id")!).map((span) => span.name).toSorted(), [
        "GET /things/{thing_id}",
        "SELECT orders.orders"
      ])
      const events = receiver.logs().map((log) => log.event)
      for (const event of ["service.started", "service.listening", "service.stopping", "service.stopped"]) {
        assert.include(events, event)
      }
      assert.include(receiver.bodies().join(), "deployment.environment.name")
    }).pipe(Effect.scoped))

  it.live("that hangs does not keep a process alive", () =>
    Effect.gen(function*() {
      const receiver = yield* otlpReceiver
      yield* receiver.become("hangs")
      const toy = yield* toyProcess(yield* testDatabase, receiver.endpoint)
      yield* httpCall("GET", `${toy.url}/things/1`)
      const { code, millis } = yield* toy.stop
      assert.strictEqual(code, 0)
      assert.isBelow(millis, STOP_MAX_MILLIS + 500)
    }).pipe(Effect.scoped))
})
