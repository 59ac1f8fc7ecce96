import { assert, describe, it } from "@effect/vitest"
import { telemetry } from "@surety/platform/telemetry/telemetry"
import { otlpReceiver } from "@surety/testkit/otlp-receiver"
import { Effect, Layer, Logger, References } from "effect"
import { randomBytes, randomUUID } from "node:crypto"
import { AMOUNT, aProvider, startPayment } from "./payment-under-test.ts"

/** The service with telemetry before a simulated provider, and a collector that keeps what it says. */
const tracedPayment = Effect.gen(function*() {
  const receiver = yield* otlpReceiver
  const delays = { span_delay_millis: 50, log_delay_millis: 50, metric_interval_millis: 200 }
  const { call } = yield* startPayment(
    yield* aProvider,
    telemetry("payment", { endpoint: receiver.endpoint, ...delays }).pipe(
      Layer.provideMerge(Layer.merge(Logger.layer([]), Layer.succeed(References.MinimumLogLevel, "Info")))
    )
  )
  const set = Effect.fnUntraced(function*(path: string, orders: ReadonlyArray<Order>, items: ReadonlyArray<unknown>) {
    const traceparents = orders.map(({ traceparent }) => traceparent)
    const { body, status, text } = yield* call("POST", path, { items, traceparents })
    assert.strictEqual(status, 200, text)
    const lines: ReadonlyArray<{ readonly reference: string; readonly outcome: string }> = typeof body === "string"
      ? body.trim().split("\n").map((line) => JSON.parse(line))
      : body.results
    const outcomes = new Map(lines.map(({ outcome, reference }) => [reference, outcome]))
    return orders.map(({ reference }) => outcomes.get(reference))
  })
  const spanOf = (name: string, { reference }: Order) =>
    receiver.awaitSpan((span) => span.name === name && span.attributes["saga.order.id"] === reference)
  const counted = Effect.fnUntraced(function*(operation: string, outcomes: Readonly<Record<string, number>>) {
    yield* receiver.until(`${operation} ${JSON.stringify(outcomes)}`, () => {
      const series = receiver.seriesOf("payment.operations", { "payment.operation": operation })
      const known = series.every(({ labels, value }) => value === (outcomes[String(labels["payment.outcome"])] ?? 0))
      return series.length > 0 && known || undefined
    })
  })
  return {
    receiver,
    spanOf,
    counted,
    authorizeSet: (orders: ReadonlyArray<Order>) =>
      set(
        "/authorizations/batch",
        orders,
        orders.map(({ reference, token }) => ({ reference, amount_cents: AMOUNT, currency: "usd", token }))
      ),
    changeSet: (path: string, orders: ReadonlyArray<Order>) =>
      set(`/${path}/batch`, orders, orders.map(({ reference }) => reference)),
    byReference: ({ reference }: Order) => call("GET", `/by-reference/${reference}`)
  }
})

type Order = ReturnType<typeof anOrder>
const anOrder = (token = "tok_visa_success") => {
  const trace_id = randomBytes(16).toString("hex")
  const span_id = randomBytes(8).toString("hex")
  return { reference: randomUUID() as string, token, trace_id, span_id, traceparent: `00-${trace_id}-${span_id}-01` }
}

describe("a set of payments", () => {
  it.live("is told of in each order's own trace: a refusal as an outcome, what is unknown as an error", () =>
    Effect.gen(function*() {
      const { authorizeSet, changeSet, receiver, spanOf } = yield* tracedPayment
      const orders = ["tok_visa_success", "tok_decline_insufficient", "tok_authorize_timeout_before"].map(anOrder)
      assert.deepStrictEqual(yield* authorizeSet(orders), ["authorized", "declined", "unknown"])
      const came = []
      for (const order of orders) {
        const span = yield* spanOf("authorize payment", order)
        assert.deepStrictEqual([span.trace_id, span.parent_id], [order.trace_id, order.span_id])
        const asked = yield* receiver.awaitSpan(({ parent_id }) => parent_id === span.span_id)
        assert.deepStrictEqual([asked.name, asked.kind, asked.trace_id], [
          "PaymentProvider.authorize",
          "client",
          order.trace_id
        ])
        const { attributes } = span
        came.push([
          span.status,
          attributes["payment.outcome"],
          attributes["saga.failure.reason"],
          asked.attributes["error.type"]
        ])
      }
      assert.deepStrictEqual(came, [
        ["UNSET", "done", undefined, undefined],
        ["UNSET", "refused", "insufficient_funds", undefined],
        ["ERROR", "unknown", undefined, "timed_out"]
      ])
      const [authorized, declined] = [orders[0]!, orders[1]!]
      assert.deepStrictEqual(yield* changeSet("captures", [authorized, declined]), ["done", "refused"])
      assert.deepStrictEqual(yield* changeSet("refunds", [authorized, declined]), ["done", "done"])
      for (const operation of ["capture", "refund"]) {
        const span = yield* spanOf(`${operation} payment`, authorized)
        const where = [span.trace_id, span.parent_id, span.status]
        assert.deepStrictEqual(where, [authorized.trace_id, authorized.span_id, "UNSET"])
        yield* receiver.awaitSpan(({ name, parent_id }) =>
          name === `PaymentProvider.${operation}` && parent_id === span.span_id
        )
      }
      const refused = yield* spanOf("capture payment", declined)
      assert.deepStrictEqual([refused.status, refused.attributes["saga.failure.reason"]], ["UNSET", "payment_declined"])
    }).pipe(Effect.scoped))

  it.live("is counted by how each came out, alone or in a set, and an authorization that is settled later once more", () =>
    Effect.gen(function*() {
      const { authorizeSet, byReference, changeSet, counted } = yield* tracedPayment
      const tokens = [
        "tok_visa_success",
        "tok_decline_insufficient",
        "tok_authorize_timeout_after",
        "tok_capture_refused"
      ]
      const orders = tokens.map(anOrder)
      yield* authorizeSet(orders)
      yield* counted("authorize", { done: 2, refused: 1, unknown: 1 })
      assert.strictEqual((yield* byReference(orders[2]!)).body.status, "AUTHORIZED")
      yield* byReference(orders[2]!)
      yield* counted("authorize", { done: 3, refused: 1, unknown: 1 })
      assert.deepStrictEqual(yield* changeSet("captures", orders), ["done", "refused", "done", "refused"])
      yield* counted("capture", { done: 2, refused: 2 })
      yield* changeSet("voids", [orders[3]!, anOrder()])
      yield* counted("void", { done: 2 })
      yield* changeSet("refunds", [orders[0]!])
      yield* counted("refund", { done: 1 })
    }).pipe(Effect.scoped))

  it.live("says what each became, once, in its order's trace, and nothing of cards or amounts", () =>
    Effect.gen(function*() {
      const { authorizeSet, changeSet, receiver } = yield* tracedPayment
      const [taken, declined, freed] = [anOrder(), anOrder("tok_decline_insufficient"), anOrder()] as const
      const last = anOrder()
      for (let again = 0; again < 2; again++) {
        yield* authorizeSet([taken, declined, freed])
        yield* changeSet("captures", [taken])
        yield* changeSet("voids", [freed])
        yield* changeSet("refunds", [taken])
      }
      yield* authorizeSet([last])
      yield* receiver.awaitLog(({ attributes }) => attributes["saga.order.id"] === last.reference)
      const said = (order: Order) =>
        receiver.logs().filter(({ attributes }) => attributes["saga.order.id"] === order.reference).map((log) => {
          assert.deepStrictEqual([log.service, log.trace_id, log.event], ["payment", order.trace_id, log.body])
          return [log.body, log.attributes["saga.failure.reason"]]
        })
      assert.deepStrictEqual(said(taken), [
        ["payment.authorized", undefined],
        ["payment.captured", undefined],
        ["payment.refunded", undefined]
      ])
      assert.deepStrictEqual(said(declined), [["payment.declined", "insufficient_funds"]])
      assert.deepStrictEqual(said(freed), [["payment.authorized", undefined], ["payment.voided", undefined]])
      for (const body of receiver.bodies()) assert.notInclude(body, "tok_")
      for (const { attributes } of [...receiver.spans(), ...receiver.logs()]) {
        for (const value of Object.values(attributes)) assert.notInclude([AMOUNT, String(AMOUNT)], value)
      }
    }).pipe(Effect.scoped))
})
