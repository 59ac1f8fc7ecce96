import { assert, describe, it } from "@effect/vitest"
import { invariants, stepResults, steps } from "@surety/platform/telemetry/catalogue"
import { count, setGauges } from "@surety/platform/telemetry/metrics"
import { telemetry } from "@surety/platform/telemetry/telemetry"
import { httpCall } from "@surety/testkit/http-call"
import { otlpReceiver } from "@surety/testkit/otlp-receiver"
import { testDatabase } from "@surety/testkit/test-database"
import { Effect } from "effect"
import { sendingTo, toyService } from "./toy-service.ts"

describe("metrics", () => {
  it.live("begin at 0 in every combination of their words, for the services that emit them and no other", () =>
    Effect.gen(function*() {
      const receiver = yield* otlpReceiver
      const { endpoint } = receiver
      const run = (name: string) => Effect.void.pipe(Effect.provide(telemetry(name, sendingTo(endpoint))))
      yield* run("orchestrator")
      yield* run("payment")
      const attempts = receiver.seriesOf("saga.step.attempts")
      assert.strictEqual(attempts.length, steps.length * 2 * stepResults.length)
      assert.isTrue(
        attempts.every((one) => one.value === 0 && one.service === "orchestrator" && one.unit === "{attempt}")
      )
      assert.strictEqual(receiver.seriesOf("correctness.violations").length, invariants.length)
      assert.strictEqual(receiver.seriesOf("saga.queue.wait", {}, "orchestrator")[0]?.value, 0)
      assert.strictEqual(receiver.seriesOf("payment.operations", {}, "payment").length, 16)
      assert.strictEqual(receiver.seriesOf("payment.operations", {}, "orchestrator").length, 0)
      for (const service of ["orchestrator", "payment"]) {
        const own = receiver.series().filter((one) => one.service === service)
        assert.isBelow(own.length, 400)
        assert.isTrue(own.every((one) => !("unit" in one.labels)))
      }
    }).pipe(Effect.scoped))

  it.live("count what a service counts, and measure its requests, calls and statements in seconds", () =>
    Effect.gen(function*() {
      const receiver = yield* otlpReceiver
      const database = yield* testDatabase
      const telemetry = sendingTo(receiver.endpoint)
      const orders = yield* toyService({ name: "orders", database, telemetry })
      const edge = yield* toyService({ name: "edge-api", database, telemetry, neighbour: orders.url })
      yield* httpCall("POST", `${edge.url}/things/thing-1`)
      yield* httpCall("GET", `${edge.url}/spoiled`)
      yield* receiver.awaitSeries((one) => one.service === "edge-api" && one.labels["http.route"] === "/spoiled")
      const one = (name: string, labels: Record<string, unknown>) => {
        const found = receiver.seriesOf(name, labels, "edge-api")
        assert.strictEqual(found.length, 1, `${name} ${JSON.stringify(labels)}`)
        return found[0]!
      }
      assert.strictEqual(one("saga.orders.accepted", {}).value, 1)
      assert.strictEqual(one("saga.queue.wait", {}).sum, 0.2)
      const request = one("http.server.request.duration", { "http.route": "/things/{thing_id}" })
      assert.deepStrictEqual(request.labels, {
        "http.request.method": "POST",
        "http.route": "/things/{thing_id}",
        "http.response.status_code": "200"
      })
      assert.strictEqual(request.unit, "s")
      assert.isTrue(request.sum !== undefined && request.sum > 0 && request.sum < 30)
      assert.deepStrictEqual(one("http.server.request.duration", { "error.type": "500" }).value, 1)
      assert.deepStrictEqual(one("http.client.request.duration", { "url.template": "/things/{id}" }).value, 1)
      const statement = one("db.client.operation.duration", { "db.query.summary": "UPDATE orders.orders" })
      assert.deepStrictEqual([statement.value, statement.boundaries.at(-1)], [1, 10])
      assert.strictEqual(one("db.client.operation.duration", { "error.type": "22012" }).value, 1)
      for (const name of ["nodejs.eventloop.delay.p99", "process.cpu.utilization", "v8js.memory.heap.used"]) {
        assert.isAtLeast(one(name, {}).value, 0)
      }
      assert.isAbove(one("v8js.memory.heap.used", {}).value, 1e6)
    }).pipe(Effect.scoped))

  it.live("of what was counted last go out with the stop, and a gauge's other words are 0", () =>
    Effect.gen(function*() {
      const receiver = yield* otlpReceiver
      yield* Effect.gen(function*() {
        yield* setGauges("saga.ledger.orders", { AUTHORIZED: 3 })
        yield* setGauges("saga.ledger.orders", { COMPENSATING: 1 })
        yield* count("saga.orders.completed", { "saga.outcome": "failed", "saga.failure.reason": "out_of_stock" }, 2)
      }).pipe(
        Effect.provide(telemetry("orchestrator", { ...sendingTo(receiver.endpoint), metric_interval_millis: 60_000 }))
      )
      const failed = { "saga.outcome": "failed", "saga.failure.reason": "out_of_stock" }
      assert.deepStrictEqual(receiver.seriesOf("saga.orders.completed", failed).map((one) => one.value), [2])
      const orders = receiver.seriesOf("saga.ledger.orders").filter((one) => one.value > 0)
      assert.deepStrictEqual(orders.map((one) => one.labels["saga.status"]), ["COMPENSATING"])
    }).pipe(Effect.scoped))
})
