import { assert, describe, it } from "@effect/vitest"
import { portOf } from "@surety/platform/http-server"
import { telemetry } from "@surety/platform/telemetry/telemetry"
import { type OtlpReceiver, otlpReceiver } from "@surety/testkit/otlp-receiver"
import { administrator, testDatabase } from "@surety/testkit/test-database"
import { Context, Effect, Layer, References } from "effect"
import { HttpServer } from "effect/http"
import { SqlClient } from "effect/sql"
import { randomBytes } from "node:crypto"
import { orders } from "../src/service.ts"
import { anOrder, callAt, settingsFor } from "./orders-under-test.ts"

/** The service with telemetry, and a collector that keeps what it says. */
const tracedOrders = Effect.gen(function*() {
  const receiver = yield* otlpReceiver
  const settings = { endpoint: receiver.endpoint, span_delay_millis: 50, log_delay_millis: 50 }
  const database = yield* testDatabase
  const service = yield* Layer.build(
    orders(settingsFor(database)).pipe(
      Layer.provide(telemetry("orders", { ...settings, metric_interval_millis: 200 }))
    )
  )
  const call = callAt(portOf(Context.get(service, HttpServer.HttpServer)))
  const set = (path: string, items: ReadonlyArray<unknown>, traceparents?: ReadonlyArray<string | null>) =>
    Effect.map(
      call("POST", path, { items, ...(traceparents === undefined ? {} : { traceparents }) }),
      ({ body, status }) => {
        assert.strictEqual(status, 200, JSON.stringify(body))
        return body.results as ReadonlyArray<{ readonly outcome: string }>
      }
    )
  return { call, database, receiver, set }
}).pipe(Effect.provideService(References.MinimumLogLevel, "Fatal"))

const aTrace = () => {
  const trace_id = randomBytes(16).toString("hex")
  const span_id = randomBytes(8).toString("hex")
  return { trace_id, span_id, traceparent: `00-${trace_id}-${span_id}-01` }
}

const spanOf = (receiver: OtlpReceiver, name: string, order: { readonly order_ledger_id: string }) =>
  receiver.awaitSpan((span) => span.name === name && span.attributes["saga.order.id"] === order.order_ledger_id)

describe("a set of orders", () => {
  it.live("is told of in each order's own trace, a refusal as an outcome", () =>
    Effect.gen(function*() {
      const { receiver, set } = yield* tracedOrders
      const [first, second] = [anOrder(), anOrder()]
      const [one, two] = [aTrace(), aTrace()]
      yield* set("/orders/batch", [first, second], [one.traceparent, two.traceparent])
      yield* set("/orders/confirmations/batch", [first.order_ledger_id], [one.traceparent])
      const late = [first, second].map(({ order_ledger_id }) => ({ order_ledger_id, reason: "too late" }))
      yield* set("/orders/cancellations/batch", late, [one.traceparent, two.traceparent])
      const came = []
      for (const [order, trace] of [[first, one], [second, two]] as const) {
        const names = ["create order", "cancel order", ...(order === first ? ["confirm order"] : [])]
        for (const name of names) {
          const span = yield* spanOf(receiver, name, order)
          assert.deepStrictEqual([span.trace_id, span.parent_id], [trace.trace_id, trace.span_id], name)
          assert.deepStrictEqual([span.service, span.kind, span.status], ["orders", "internal", "UNSET"])
          came.push([name, span.attributes["orders.outcome"], span.attributes["saga.failure.reason"]])
        }
      }
      assert.deepStrictEqual(came, [
        ["create order", "done", undefined],
        ["cancel order", "refused", "confirmed"],
        ["confirm order", "done", undefined],
        ["create order", "done", undefined],
        ["cancel order", "done", undefined]
      ])
    }).pipe(Effect.scoped))

  it.live("is the same without trace contexts, with none for some, and with what is none", () =>
    Effect.gen(function*() {
      const { receiver, set } = yield* tracedOrders
      const { trace_id, traceparent } = aTrace()
      const [without, some, strange] = [[anOrder()], [anOrder(), anOrder()], [anOrder()]]
      yield* set("/orders/batch", without)
      yield* set("/orders/batch", some, [null, traceparent])
      const results = yield* set("/orders/batch", strange, ["what is this?"])
      assert.strictEqual(results[0]?.outcome, "done")
      const own = yield* spanOf(receiver, "create order", some[1]!)
      assert.strictEqual(own.trace_id, trace_id)
      for (const order of [without[0]!, some[0]!, strange[0]!]) {
        const span = yield* spanOf(receiver, "create order", order)
        const request = yield* receiver.awaitSpan((other) => other.span_id === span.parent_id)
        assert.deepStrictEqual([request.kind, request.trace_id], ["server", span.trace_id])
      }
    }).pipe(Effect.scoped))

  it.live("that cannot be written is an error in each order's trace", () =>
    Effect.gen(function*() {
      const { call, database, receiver } = yield* tracedOrders
      const { trace_id, traceparent } = aTrace()
      yield* Effect.flatMap(SqlClient.SqlClient, (sql) => sql`REVOKE INSERT ON orders.orders FROM surety_orders`).pipe(
        Effect.provide(administrator(database))
      )
      const { status } = yield* call("POST", "/orders/batch", { items: [anOrder()], traceparents: [traceparent] })
      assert.strictEqual(status, 500)
      const span = yield* receiver.awaitSpan((one) => one.name === "create order")
      assert.deepStrictEqual([span.trace_id, span.status], [trace_id, "ERROR"])
      assert.strictEqual(span.attributes["error.type"], "42501")
    }).pipe(Effect.scoped))
})
