import { assert, describe, it } from "@effect/vitest"
import { logEvents } from "@surety/platform/telemetry/catalogue"
import type { ReceivedSpan } from "@surety/testkit/otlp-receiver-records"
import { Effect } from "effect"
import { serviceProcess } from "./service-process.ts"
import { afterTheEnd, orderOf, place, request, stocked, tally, untilEntry } from "./stack-for-tests.ts"
import { fiveServices, placeTraced, soon, spansOfOrder, watched } from "./watched-stack.ts"

const one = (spans: ReadonlyArray<ReceivedSpan>, name: string): ReceivedSpan => {
  const found = spans.filter((span) => span.name === name)
  assert.strictEqual(found.length, 1, `${name} among ${spans.map((span) => span.name).join(", ")}`)
  return found[0]!
}

describe("one order, one trace", () => {
  it.live("from the request to the end, through the ledger and all five services, under the client's own trace id", () =>
    Effect.gen(function*() {
      const { receiver, stack } = yield* watched()
      const product = yield* stocked(stack, 10)
      const { reply, traceId } = yield* placeTraced(stack, orderOf(product))
      assert.strictEqual(reply.headers.get("x-trace-id"), traceId)
      const id: string = reply.body["order_ledger_id"]
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 1 })
      const spans = yield* spansOfOrder(receiver, traceId, "COMPLETED")
      assert.deepStrictEqual([...new Set(spans.map((span) => span.service))].toSorted(), fiveServices)

      const server = one(spans, "POST /orders")
      const producer = one(spans, "send order.ledger")
      const consumer = one(spans, "process order.ledger")
      assert.strictEqual(producer.parent_id, server.span_id)
      assert.strictEqual(one(spans, "INSERT ledger.entries").parent_id, producer.span_id)
      assert.deepStrictEqual([consumer.kind, consumer.parent_id], ["consumer", producer.span_id])
      assert.deepStrictEqual(consumer.links, [{ trace_id: traceId, span_id: producer.span_id }])
      for (const span of [server, producer, consumer]) assert.strictEqual(span.attributes["saga.order.id"], id)

      const calls = {
        "orders.create": "create order",
        "inventory.reserve": "reserve stock",
        "payment.capture": "capture payment",
        "orders.confirm": "confirm order"
      }
      for (const [step, called] of Object.entries(calls)) {
        const span = one(spans, `saga.step ${step}`)
        assert.deepStrictEqual([span.parent_id, span.status], [consumer.span_id, "UNSET"])
        assert.deepStrictEqual(
          [span.attributes["saga.step.direction"], span.attributes["saga.step.attempts"]],
          ["forward", 1]
        )
        assert.strictEqual(one(spans, called).parent_id, span.span_id)
        const set = receiver.spans().find(({ span_id }) => span_id === span.links[0]?.span_id)
        assert.strictEqual(set?.name, `saga.set ${step}`)
        assert.notStrictEqual(set?.trace_id, traceId)
        assert.include(set?.links.map((link) => link.trace_id) ?? [], traceId)
      }

      const known = new Set(spans.map((span) => span.span_id))
      const orphans = spans.filter((span) => span !== server && !known.has(span.parent_id ?? ""))
      assert.deepStrictEqual(orphans.map((span) => span.name), [])
      const elsewhere = receiver.spans().filter((span) =>
        span.attributes["saga.order.id"] === id && span.trace_id !== traceId
      )
      assert.deepStrictEqual(elsewhere.map((span) => span.name), [])

      const { body } = yield* request("GET", `${stack.urls.edge_api}/orders/${id}`)
      const saga = yield* request("GET", `${stack.urls.orchestrator}/sagas/${id}`)
      assert.deepStrictEqual([body["trace_id"], saga.body["trace_id"]], [traceId, traceId])
    }).pipe(Effect.scoped))

  it.live("attempts are numbered, and a retry is seen without failing its step", () =>
    Effect.gen(function*() {
      const { receiver, stack } = yield* watched()
      const product = yield* stocked(stack, 10)
      const { traceId } = yield* placeTraced(stack, orderOf(product, 1, "tok_capture_timeout_after"))
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 1 })
      yield* spansOfOrder(receiver, traceId, "COMPLETED")
      const captures = receiver.spansOf(traceId).filter(({ name }) => name === "saga.step payment.capture")
        .toSorted((a, b) => Number(a.start - b.start))
      assert.isAtLeast(captures.length, 2)
      assert.deepStrictEqual(
        captures.map((span) => span.attributes["saga.step.attempts"]),
        captures.map((_, i) => i + 1)
      )
      assert.deepStrictEqual(
        captures.map((span) => span.status),
        captures.map((_, i) => i === captures.length - 1 ? "UNSET" : "ERROR")
      )
      for (const failed of captures.slice(0, -1)) assert.isString(failed.attributes["error.type"])
      const runs = receiver.spansOf(traceId).filter(({ name }) => name === "process order.ledger")
      for (const run of runs) assert.strictEqual(run.status, "UNSET")
      const retry = yield* receiver.awaitLog((log) => log.event === "saga.step.retry")
      assert.strictEqual(retry.trace_id, traceId)
    }).pipe(Effect.scoped))

  it.live("compensation is seen in reverse order, and a business refusal is no error", () =>
    Effect.gen(function*() {
      const { receiver, stack } = yield* watched()
      const product = yield* stocked(stack, 10)
      const { traceId } = yield* placeTraced(stack, orderOf(product, 1, "tok_capture_refused"))
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { FAILED: 1 })
      const spans = yield* spansOfOrder(receiver, traceId, "FAILED")
      const undone = spans.filter((span) => span.attributes["saga.step.direction"] === "compensation")
        .toSorted((a, b) => Number(a.start - b.start))
      assert.deepStrictEqual(undone.map((span) => span.name), [
        "saga.step inventory.reserve",
        "saga.step orders.create",
        "saga.step payment.authorize"
      ])
      assert.deepStrictEqual(spans.filter((span) => span.status === "ERROR").map((span) => span.name), [])
      assert.strictEqual(one(spans, "process order.ledger").attributes["saga.outcome"], "failed")
      assert.strictEqual(one(spans, "saga.step payment.capture").attributes["saga.step.result"], "refused")
    }).pipe(Effect.scoped))

  it.live("logs have constant bodies and the order's trace, and nothing secret is on the wire", () =>
    Effect.gen(function*() {
      const { receiver, stack } = yield* watched()
      const product = yield* stocked(stack, 1)
      const tokens = ["tok_visa_success", "tok_decline_insufficient", "tok_visa_success", "tok_capture_timeout_after"]
      const order = (token: string) => ({
        ...orderOf(product, 1, token),
        user_id: "user_4242424242424242",
        email: "very.private@example.com",
        shipping_address: { city: "Utrecht", postal_code: "PC98765X", country: "NL", line1: "Secret Street 1" }
      })
      const placed = yield* Effect.forEach(tokens, (token) => placeTraced(stack, order(token)))
      assert.deepStrictEqual(placed.map(({ reply }) => reply.status), [202, 402, 202, 202])
      yield* afterTheEnd(stack)
      yield* receiver.awaitLog((log) => log.event === "saga.failed")
      const byTrace = new Set(placed.map(({ traceId }) => traceId))
      const ofOrders = receiver.logs().filter((log) => log.attributes["saga.order.id"] !== undefined)
      assert.isAtLeast(ofOrders.length, 8)
      for (const log of ofOrders) {
        assert.include(logEvents, log.event)
        assert.strictEqual(log.body, log.event)
        assert.isTrue(byTrace.has(log.trace_id ?? ""), `${log.event} has the trace ${log.trace_id}`)
        assert.match(log.span_id ?? "", /^[0-9a-f]{16}$/)
      }
      const wire = receiver.bodies().join("\n")
      for (
        const secret of [
          "4242424242424242",
          "very.private",
          "Secret Street",
          "PC98765X",
          ...tokens,
          "sk_test",
          "Widget"
        ]
      ) {
        assert.notInclude(wire, secret)
      }
    }).pipe(Effect.scoped))

  it.live("counters say what the database says: accepted is completed, failed and under way together", () =>
    Effect.gen(function*() {
      const { receiver, stack } = yield* watched()
      const product = yield* stocked(stack, 3)
      const tokens = [
        ...Array.from({ length: 6 }, () => "tok_visa_success"),
        "tok_decline_expired",
        "tok_capture_refused"
      ]
      yield* Effect.forEach(tokens, (token) => place(stack, orderOf(product, 1, token)), { concurrency: 4 })
      yield* place(stack, orderOf(product), "twice")
      yield* place(stack, orderOf(product), "twice")
      const ends = tally(yield* afterTheEnd(stack))
      const sum = (name: string, labels: Readonly<Record<string, string>> = {}) =>
        receiver.seriesOf(name, labels).reduce((total, series) => total + series.value, 0)
      const accepted = (ends["COMPLETED"] ?? 0) + (ends["FAILED"] ?? 0)
      yield* receiver.until(
        "the last counts",
        () => sum("saga.orders.completed") === accepted + 1 && sum("saga.idempotency.replays") === 1 ? true : undefined
      )
      assert.strictEqual(sum("saga.orders.accepted"), accepted)
      assert.strictEqual(sum("saga.orders.completed", { "saga.outcome": "completed" }), ends["COMPLETED"])
      assert.strictEqual(sum("saga.orders.completed", { "saga.outcome": "failed" }), ends["FAILED"])
      assert.strictEqual(sum("saga.orders.completed", { "saga.outcome": "authorization_failed" }), 1)
      assert.strictEqual(sum("saga.order.duration"), accepted)
      assert.strictEqual(
        sum("inventory.reservations", { "inventory.operation": "commit", "inventory.outcome": "done" }),
        ends["COMPLETED"]
      )
      assert.strictEqual(
        sum("payment.operations", { "payment.operation": "capture", "payment.outcome": "done" }),
        ends["COMPLETED"]
      )
      assert.strictEqual(sum("correctness.violations"), 0)
      yield* receiver.until(
        "nothing in the ledger any more",
        () => receiver.seriesOf("saga.ledger.orders").length > 0 && sum("saga.ledger.orders") === 0 ? true : undefined
      )
    }).pipe(Effect.scoped))

  it.live("a worker that was killed is seen on the trace of the order that another took over", () =>
    Effect.gen(function*() {
      const { receiver, stack } = yield* watched({}, ["orchestrator"])
      const environment = { ...soon, ORCHESTRATOR_PORT: "0", OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint }
      const product = yield* stocked(stack, 10)
      const first = yield* serviceProcess(stack, "orchestrator", {
        ...environment,
        SAGA_LEASE_MILLIS: "1000",
        SAGA_CALL_TIMEOUT_MILLIS: "900"
      })
      const { traceId } = yield* placeTraced(stack, orderOf(product, 1, "tok_capture_timeout_after"))
      yield* untilEntry(stack, "lease_owner IS NOT NULL AND status = 'INVENTORY_RESERVED'")
      yield* first.signal("SIGKILL")
      const second = yield* serviceProcess(stack, "orchestrator", environment)
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 1 })
      const recovered = yield* receiver.awaitSpan((span) =>
        span.name === "process order.ledger" && span.attributes["saga.recovered"] === true
      )
      assert.strictEqual(recovered.trace_id, traceId)
      assert.isAtLeast(Number(recovered.attributes["saga.run.attempt"]), 1)
      yield* receiver.awaitSeries((series) => series.name === "saga.lease.expired" && series.value >= 1)
      yield* second.signal("SIGTERM")
      assert.strictEqual(yield* second.exited, 0)
    }).pipe(Effect.scoped))

  it.live("an order older than 15 minutes is processed in a trace of its own, linked with the one it came from", () =>
    Effect.gen(function*() {
      const { receiver, stack } = yield* watched()
      const product = yield* stocked(stack, 10)
      yield* request("PUT", `${stack.urls.orchestrator}/claiming`, { paused: true })
      const { traceId } = yield* placeTraced(stack, orderOf(product))
      yield* stack.sql`UPDATE ledger.entries SET authorized_at = now() - interval '16 minutes'`
      yield* request("PUT", `${stack.urls.orchestrator}/claiming`, { paused: false })
      yield* afterTheEnd(stack)
      const consumer = yield* receiver.awaitSpan((span) => span.name === "process order.ledger")
      assert.notStrictEqual(consumer.trace_id, traceId)
      assert.strictEqual(consumer.parent_id, undefined)
      assert.strictEqual(consumer.links[0]?.trace_id, traceId)
    }).pipe(Effect.scoped))
})
