import { assert, describe, it } from "@effect/vitest"
import { telemetry } from "@surety/platform/telemetry/telemetry"
import { currentTraceparent, inSpan, spanOf, spansFor } from "@surety/platform/telemetry/trace-context"
import { httpCall } from "@surety/testkit/http-call"
import { type OtlpReceiver, otlpReceiver } from "@surety/testkit/otlp-receiver"
import type { ReceivedSpan } from "@surety/testkit/otlp-receiver-records"
import { testDatabase } from "@surety/testkit/test-database"
import { Effect, Layer } from "effect"
import { sendingTo, toyService } from "./toy-service.ts"

const THING = "0198a4b2-7d1e-7c3a-9f00-000000000001"
const CALLERS_TRACE = "0af7651916cd43dd8448eb211c80319c"
const CALLERS_SPAN = "b7ad6b7169203331"

const twoToys = Effect.gen(function*() {
  const receiver = yield* otlpReceiver
  const database = yield* testDatabase
  const telemetry = sendingTo(receiver.endpoint)
  const orders = yield* toyService({ name: "orders", database, telemetry })
  const edge = yield* toyService({ name: "edge-api", database, telemetry, neighbour: orders.url })
  return { receiver, edge: edge.url }
})

/** What a service does last of all in these tests, so that what it did before has been exported. */
const server = (receiver: OtlpReceiver, name: string) =>
  receiver.awaitSpan((span) => span.kind === "server" && span.name === name)

const find = (spans: ReadonlyArray<ReceivedSpan>, service: string, name: string): ReceivedSpan => {
  const [span, ...others] = spans.filter((span) => span.service === service && span.name === name)
  assert.deepStrictEqual(others, [], `${service} ${name} more than once`)
  return span ?? assert.fail(`${service} has no span ${name}, only ${spans.map((span) => span.name).join(", ")}`)
}

describe("a trace", () => {
  it.live("goes on from the caller's, whatever his sampling flag says, through statements and calls to the next service", () =>
    Effect.gen(function*() {
      const { edge, receiver } = yield* twoToys
      const { headers, status } = yield* httpCall("POST", `${edge}/things/${THING}?secret=1`, undefined, {
        traceparent: `00-${CALLERS_TRACE}-${CALLERS_SPAN}-00`
      })
      assert.strictEqual(status, 200)
      assert.strictEqual(headers.get("x-trace-id"), CALLERS_TRACE)
      yield* server(receiver, "POST /things/{thing_id}")
      yield* server(receiver, "GET /things/{thing_id}")
      const spans = receiver.spansOf(CALLERS_TRACE)
      const root = find(spans, "edge-api", "POST /things/{thing_id}")
      const call = find(spans, "edge-api", "GET /things/{id}")
      const called = find(spans, "orders", "GET /things/{thing_id}")
      const sending = find(spans, "edge-api", "send order.ledger")
      assert.strictEqual(root.parent_id, CALLERS_SPAN)
      assert.deepStrictEqual([call.kind, call.parent_id], ["client", root.span_id])
      assert.deepStrictEqual([called.kind, called.parent_id], ["server", call.span_id])
      assert.strictEqual(find(spans, "orders", "SELECT orders.orders").parent_id, called.span_id)
      assert.strictEqual(find(spans, "edge-api", "SELECT orders.orders").parent_id, root.span_id)
      assert.deepStrictEqual([sending.kind, sending.parent_id], ["producer", root.span_id])
      assert.strictEqual(find(spans, "edge-api", "UPDATE orders.orders").parent_id, sending.span_id)
      assert.strictEqual(
        root.attributes["saga.order.id"],
        THING,
        "said in an inner function, it is on the span around it"
      )
    }).pipe(Effect.scoped))

  it.live("has the worker's span below the sender's and linked with it; a quarter of an hour later only linked", () =>
    Effect.gen(function*() {
      const { edge, receiver } = yield* twoToys
      yield* httpCall("POST", `${edge}/things/${THING}`)
      const root = yield* server(receiver, "POST /things/{thing_id}")
      const spans = receiver.spansOf(root.trace_id)
      const sending = find(spans, "edge-api", "send order.ledger")
      const link = [{ trace_id: root.trace_id, span_id: sending.span_id }]
      const soon = find(spans, "edge-api", "process order.ledger")
      assert.deepStrictEqual([soon.kind, soon.parent_id, soon.links], ["consumer", sending.span_id, link])
      assert.strictEqual(find(spans, "edge-api", "work").parent_id, soon.span_id)
      const late = find(receiver.spans(), "edge-api", "process order.ledger late")
      assert.deepStrictEqual([late.kind, late.parent_id, late.links], ["consumer", undefined, link])
      assert.notStrictEqual(late.trace_id, root.trace_id)
    }).pipe(Effect.scoped))

  it.live("says what failed by error.type, leaves success UNSET, and has no events", () =>
    Effect.gen(function*() {
      const { edge, receiver } = yield* twoToys
      yield* httpCall("GET", `${edge}/spoiled`)
      yield* httpCall("GET", `${edge}/things/${THING}`)
      const spoiled = yield* server(receiver, "GET /spoiled")
      const fine = yield* server(receiver, "GET /things/{thing_id}")
      const statement = receiver.spansOf(spoiled.trace_id).find((span) => span.kind === "client")
      assert.deepStrictEqual([spoiled.status, spoiled.attributes["error.type"]], ["ERROR", "500"])
      assert.deepStrictEqual([statement?.status, statement?.attributes["error.type"]], ["ERROR", "22012"])
      assert.deepStrictEqual([fine.status, fine.attributes["error.type"]], ["UNSET", undefined])
      assert.isTrue(receiver.spans().every((span) => span.events === 0))
    }).pipe(Effect.scoped))

  it.live("is not made by probes, idle polls, transactions or inner functions", () =>
    Effect.gen(function*() {
      const { edge, receiver } = yield* twoToys
      for (const path of ["/health/live", "/health/ready", "/health"]) {
        yield* httpCall("GET", `${edge}${path}`, undefined, { traceparent: `00-${CALLERS_TRACE}-${CALLERS_SPAN}-01` })
      }
      yield* httpCall("POST", `${edge}/things/${THING}`)
      yield* server(receiver, "POST /things/{thing_id}")
      yield* server(receiver, "GET /things/{thing_id}")
      assert.deepStrictEqual(receiver.spansOf(CALLERS_TRACE), [])
      const names = new Set(receiver.spans().map((span) => span.name))
      assert.deepStrictEqual([...names].toSorted(), [
        "GET /things/{id}",
        "GET /things/{thing_id}",
        "POST /things/{thing_id}",
        "SELECT orders.orders",
        "UPDATE orders.orders",
        "process order.ledger",
        "process order.ledger late",
        "send order.ledger",
        "work"
      ])
      const roots = receiver.spans().filter((span) => span.parent_id === undefined).map((span) => span.name)
      assert.deepStrictEqual(roots.toSorted(), ["POST /things/{thing_id}", "process order.ledger late"])
    }).pipe(Effect.scoped))

  it.live("gets a span of each service for each order in a set, each with its own outcome", () =>
    Effect.gen(function*() {
      const receiver = yield* otlpReceiver
      const orders = ["a", "b", "c"]
      const sent = yield* Effect.gen(function*() {
        const stored = yield* Effect.forEach(orders, () => inSpan("order", { root: true })(currentTraceparent))
        const given = yield* spansFor(
          orders,
          (_, i) => i === 2 ? undefined : { name: "saga.step orders.create", parent: stored[i] },
          (traceparents) => Effect.succeed(traceparents),
          (order) => order === "a" ? { attributes: { "saga.step.attempts": 2 } } : { error_type: "unknown" }
        )
        return { stored, given }
      }).pipe(Effect.provide(telemetry("orchestrator", sendingTo(receiver.endpoint))))
      assert.strictEqual(sent.given[2], undefined)
      for (const [i, status] of ["UNSET", "ERROR"].entries()) {
        const parent = spanOf(sent.stored[i])!
        const span = find(receiver.spansOf(parent.traceId), "orchestrator", "saga.step orders.create")
        assert.strictEqual(span.parent_id, parent.spanId)
        assert.strictEqual(span.status, status)
        assert.strictEqual(spanOf(sent.given[i])?.spanId, span.span_id)
      }
    }).pipe(Effect.scoped))

  it.live("is no matter when telemetry is off: the same answers, the caller's trace id, and no request", () =>
    Effect.gen(function*() {
      const receiver = yield* otlpReceiver
      const database = yield* testDatabase
      const off = sendingTo(undefined)
      const orders = yield* toyService({ name: "orders", database, telemetry: off })
      const edge = yield* toyService({ name: "edge-api", database, telemetry: off, neighbour: orders.url })
      const traced = yield* httpCall("POST", `${edge.url}/things/${THING}`, undefined, {
        traceparent: `00-${CALLERS_TRACE}-${CALLERS_SPAN}-01`
      })
      assert.deepStrictEqual([traced.status, traced.body], [200, "none"])
      assert.strictEqual(traced.headers.get("x-trace-id"), CALLERS_TRACE)
      const untraced = [
        yield* httpCall("POST", `${edge.url}/things/${THING}`),
        yield* httpCall("POST", `${edge.url}/things/${THING}`)
      ].map((answer) => answer.headers.get("x-trace-id"))
      assert.match(untraced[0] ?? "", /^[0-9a-f]{32}$/)
      assert.notStrictEqual(untraced[0], untraced[1])
      assert.strictEqual(receiver.requests(), 0)
    }).pipe(Effect.scoped))

  it.live("and its resource are each service's own, also where two share a process and a memo map", () =>
    Effect.gen(function*() {
      const receiver = yield* otlpReceiver
      const database = yield* testDatabase
      const telemetry = sendingTo(receiver.endpoint)
      const memoMap = yield* Layer.makeMemoMap
      const orders = yield* toyService({ name: "orders", database, telemetry }, memoMap)
      const payment = yield* toyService({ name: "payment", database, telemetry }, memoMap)
      yield* httpCall("GET", `${orders.url}/things/${THING}`)
      yield* httpCall("GET", `${payment.url}/broken`)
      const fine = yield* server(receiver, "GET /things/{thing_id}")
      const broken = yield* server(receiver, "GET /broken")
      assert.deepStrictEqual([fine.service, broken.service], ["orders", "payment"])
      assert.notStrictEqual(fine.instance, broken.instance)
      const requests = yield* receiver.until("both services' requests", () => {
        const all = receiver.seriesOf("http.server.request.duration")
        return all.length < 2 ? undefined : all.map((one) => [one.service, one.labels["http.route"], one.value])
      })
      assert.deepStrictEqual(requests.toSorted(), [
        ["orders", "/things/{thing_id}", 1],
        ["payment", "/broken", 1]
      ])
      const log = yield* receiver.awaitLog((log) => log.body === "unhandled")
      assert.strictEqual(log.service, "payment")
    }).pipe(Effect.scoped))
})
