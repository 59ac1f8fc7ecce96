import { assert, describe, it } from "@effect/vitest"
import { portOf } from "@surety/platform/http-server"
import { telemetry } from "@surety/platform/telemetry/telemetry"
import { httpCall } from "@surety/testkit/http-call"
import { otlpReceiver } from "@surety/testkit/otlp-receiver"
import { testDatabase } from "@surety/testkit/test-database"
import { Context, Effect, Layer, Logger, References } from "effect"
import { HttpServer } from "effect/http"
import { randomBytes, randomUUID } from "node:crypto"
import { inventory } from "../src/service.ts"
import { anOrder as anOrderOf, settingsFor } from "./inventory-under-test.ts"

/** The service with telemetry and one product, two of which are in Berlin; and a collector that keeps what it says. */
const tracedInventory = Effect.gen(function*() {
  const receiver = yield* otlpReceiver
  const delays = { span_delay_millis: 50, log_delay_millis: 50, metric_interval_millis: 200 }
  const service = yield* Layer.build(
    inventory(settingsFor(yield* testDatabase)).pipe(
      Layer.provide(telemetry("inventory", { endpoint: receiver.endpoint, ...delays })),
      Layer.provide(Layer.merge(Logger.layer([]), Layer.succeed(References.MinimumLogLevel, "Info")))
    )
  )
  const url = `http://127.0.0.1:${portOf(Context.get(service, HttpServer.HttpServer))}`
  const post = Effect.fnUntraced(function*(path: string, body: unknown, headers?: Record<string, string>) {
    const answer = yield* httpCall("POST", `${url}${path}`, body, headers)
    assert.isBelow(answer.status, 300, answer.text)
    return answer.body
  })
  const product = (yield* post("/products", { name: "Tea", sku: "tea", price_cents: 450 })).id as string
  for (const [code, latitude, longitude] of [["berlin", 52.52, 13.405], ["porto", 41.15, -8.61]] as const) {
    const warehouse = (yield* post("/warehouses", { code, name: code, location: { latitude, longitude } })).id
    const units = { quantity: code === "berlin" ? 2 : 90, reason: "test", warehouse_id: warehouse }
    yield* post(`/products/${product}/stock`, units, { "idempotency-key": randomUUID() })
  }

  const anOrder = (units: number) => {
    const trace_id = randomBytes(16).toString("hex")
    const span_id = randomBytes(8).toString("hex")
    const place = { shipping_address: { location: { latitude: 52.4, longitude: 13.06 } } }
    return {
      trace_id,
      span_id,
      traceparent: `00-${trace_id}-${span_id}-01`,
      ...place,
      ...anOrderOf([[product, units]])
    }
  }
  type Order = ReturnType<typeof anOrder>
  const set = (path: string, orders: ReadonlyArray<Order>, itemOf: (order: Order) => unknown) =>
    Effect.map(
      post(path, { items: orders.map(itemOf), traceparents: orders.map(({ traceparent }) => traceparent) }),
      (body) => body.results.map((result: { outcome: string }) => result.outcome)
    )
  const spanOf = (name: string, order: Order) =>
    Effect.map(
      receiver.awaitSpan((span) => span.name === name && span.attributes["saga.order.id"] === order.order_id),
      (span) => {
        assert.deepStrictEqual([span.service, span.trace_id, span.parent_id], [
          "inventory",
          order.trace_id,
          order.span_id
        ])
        return span
      }
    )
  const said = (order: Order) =>
    receiver.logs().filter(({ attributes }) => attributes["saga.order.id"] === order.order_id).map((log) => {
      assert.deepStrictEqual([log.trace_id, log.event], [order.trace_id, log.body])
      return log.body
    })
  return {
    receiver,
    anOrder,
    spanOf,
    said,
    reserveSet: (orders: ReadonlyArray<Order>) =>
      set(
        "/reservations/batch",
        orders,
        ({ items, order_id, shipping_address }) => ({ order_id, items, shipping_address })
      ),
    commitSet: (orders: ReadonlyArray<Order>) =>
      set("/reservations/commitments/batch", orders, ({ order_id }) => order_id),
    releaseSet: (orders: ReadonlyArray<Order>) =>
      set("/reservations/releases/batch", orders, ({ order_id }) => order_id)
  }
})

describe("a set of reservations", () => {
  it.live("is told of in each order's own trace, with the way to its warehouse, a refusal as an outcome", () =>
    Effect.gen(function*() {
      const { anOrder, commitSet, releaseSet, reserveSet, spanOf } = yield* tracedInventory
      const [near, far, none] = [anOrder(2), anOrder(3), anOrder(91)]
      assert.deepStrictEqual(yield* reserveSet([near, far, none]), ["done", "done", "refused"])
      assert.deepStrictEqual(yield* commitSet([near, none]), ["done", "refused"])
      assert.deepStrictEqual(yield* releaseSet([far]), ["done"])
      const way = Effect.fnUntraced(function*(order: typeof near) {
        const { attributes, status } = yield* spanOf("reserve stock", order)
        assert.strictEqual(status, "UNSET")
        const { "inventory.candidates": candidates, "inventory.distance": distance, "inventory.outcome": outcome } =
          attributes
        return [outcome, candidates, Math.round(Number(distance) / 10_000), attributes["saga.failure.reason"]]
      })
      assert.deepStrictEqual(yield* way(near), ["done", 1, 3, undefined])
      assert.deepStrictEqual(yield* way(far), ["done", 2, 206, undefined])
      assert.deepStrictEqual((yield* way(none)).toSpliced(1, 2), ["refused", "no_single_warehouse"])
      const reserved = yield* spanOf("reserve stock", near)
      const committed = yield* spanOf("commit stock", near)
      assert.isString(committed.attributes["inventory.warehouse.id"])
      assert.strictEqual(committed.attributes["inventory.warehouse.id"], reserved.attributes["inventory.warehouse.id"])
      const refused = yield* spanOf("commit stock", none)
      const { attributes } = refused
      assert.deepStrictEqual([refused.status, attributes["inventory.outcome"], attributes["saga.failure.reason"]], [
        "UNSET",
        "refused",
        "refused"
      ])
      assert.strictEqual((yield* spanOf("release stock", far)).attributes["inventory.outcome"], "done")
    }).pipe(Effect.scoped))

  it.live("is counted by how each came out, and what it wrote is said once", () =>
    Effect.gen(function*() {
      const { anOrder, receiver, releaseSet, reserveSet, commitSet, said } = yield* tracedInventory
      const [kept, freed, none, unknown] = [anOrder(1), anOrder(1), anOrder(91), anOrder(1)]
      for (let again = 0; again < 2; again++) {
        yield* reserveSet([kept, freed, none])
        yield* commitSet([kept, none])
        yield* releaseSet([freed, unknown])
      }
      const expected = {
        reserve: { done: 3, refused: 3 },
        commit: { done: 2, refused: 2 },
        release: { done: 4, refused: 0 }
      }
      yield* receiver.until(JSON.stringify(expected), () =>
        Object.entries(expected).every(([operation, outcomes]) =>
          Object.entries(outcomes).every(([outcome, times]) => {
            const labels = { "inventory.operation": operation, "inventory.outcome": outcome }
            return receiver.seriesOf("inventory.reservations", labels)[0]?.value === times
          })
        ) || undefined)
      yield* receiver.until("what was said last", () =>
        said(freed).length === 2 || undefined)
      assert.deepStrictEqual([said(kept), said(none), said(unknown)], [
        ["inventory.reserved"],
        ["inventory.rejected"],
        []
      ])
      assert.deepStrictEqual(said(freed), ["inventory.reserved", "inventory.released"])
      for (const body of receiver.bodies()) {
        assert.notInclude(body, "52.4")
      }
    }).pipe(Effect.scoped))
})
