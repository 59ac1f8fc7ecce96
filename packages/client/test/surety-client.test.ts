import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, layer } from "@effect/vitest"
import { createSuretyClient, type SuretyClientOptions } from "@surety/client/surety-client"
import { SuretyProblem } from "@surety/client/surety-problem"
import { EdgeApi, type OrderAccepted, type OrderView } from "@surety/contracts/edge-api"
import { OrderNotFound, PaymentDeclined } from "@surety/contracts/problems"
import { OrderId } from "@surety/domain/ids"
import type { OrderStatus } from "@surety/domain/order-status"
import { Context, Effect, Layer } from "effect"
import { HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { HttpApiBuilder, HttpApiMiddleware } from "effect/http-api"
import { randomUUID } from "node:crypto"
import { createServer } from "node:http"

type Said = OrderAccepted | PaymentDeclined | HttpServerResponse.HttpServerResponse
const aProduct = "0198a4b2-7d1e-7c3a-9f00-000000000001"
const order = {
  user_id: "user-1",
  email: "ada@example.test",
  items: [{ product_id: aProduct, quantity: 2 }],
  payment: { method: "card", token: "tok_visa_success" }
} as const

/** An edge API that says what it is told to, in turn, before it does its work; it remembers who asked for what. */
class Edge extends Context.Service<Edge, {
  readonly base_url: string
  readonly keys: Array<string>
  readonly placed: Map<string, OrderId>
  readonly says: Array<Said>
  readonly statuses: Array<OrderStatus>
  readonly queries: Array<unknown>
}>()("test/Edge") {
  static readonly layer = Layer.unwrap(Effect.sync(() => {
    const keys: Array<string> = []
    const placed = new Map<string, OrderId>()
    const says: Array<Said> = []
    const statuses: Array<OrderStatus> = []
    const queries: Array<unknown> = []
    const viewOf = (id: OrderId, status: OrderStatus): OrderView => ({
      order_ledger_id: id,
      user_id: order.user_id,
      email: order.email,
      status,
      items: [],
      total_cents: 2500,
      currency: "usd",
      timeline: [],
      created_at: "2026-01-01T00:00:00.000Z",
      updated_at: "2026-01-01T00:00:00.000Z"
    })
    const answer = (
      said: Said
    ): Effect.Effect<OrderAccepted | HttpServerResponse.HttpServerResponse, PaymentDeclined> =>
      said instanceof Error ? Effect.fail(said) : Effect.succeed(said)
    const handlers = HttpApiBuilder.group(EdgeApi, "orders", (group) =>
      group.handleAll({
        place: ({ headers }) => {
          const key = headers["idempotency-key"]
          keys.push(key)
          const said = says.shift()
          if (said !== undefined) return answer(said)
          if (!placed.has(key)) placed.set(key, OrderId.make(randomUUID()))
          return answer({ order_ledger_id: placed.get(key)!, status: "AUTHORIZED", message: "Order received" })
        },
        byId: ({ params: { order_ledger_id: id } }) => {
          const status = statuses.length > 1 ? statuses.shift() : statuses[0]
          return status === undefined
            ? Effect.fail(new OrderNotFound({ order_ledger_id: id }))
            : Effect.succeed(viewOf(id, status))
        },
        list: ({ query }) => {
          queries.push(query)
          return Effect.succeed({ orders: [], next_cursor: aProduct })
        }
      }))
    const routes = HttpApiBuilder.layer(EdgeApi).pipe(
      Layer.provide(handlers),
      Layer.provide(HttpApiMiddleware.layerProblemDetails())
    )
    return Layer.effect(
      Edge,
      Effect.map(HttpServer.HttpServer, ({ address }) => {
        const port = "port" in address ? address.port : 0
        return { base_url: `http://127.0.0.1:${port}`, keys, placed, says, statuses, queries }
      })
    ).pipe(
      Layer.provide(HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true })),
      Layer.provide(NodeHttpServer.layer(createServer, { port: 0 }))
    )
  }))
}

/** A fresh script and a client of it. */
const withClient = (options: Omit<SuretyClientOptions, "base_url"> = {}) =>
  Effect.map(Edge, (edge) => {
    edge.placed.clear()
    for (const list of [edge.keys, edge.says, edge.statuses, edge.queries]) list.length = 0
    return { edge, client: createSuretyClient({ base_url: edge.base_url, ...options }) }
  })
const rejected = (promise: Promise<unknown>) =>
  Effect.promise(() => promise.then(() => assert.fail("it should have failed"), (problem: SuretyProblem) => problem))
const after = (retryAfter: string, status: number) =>
  HttpServerResponse.text("busy", { status, headers: { "retry-after": retryAfter } })

layer(Edge.layer, { excludeTestServices: true })("the client", (it) => {
  it.effect("places an order, as a promise or as an effect, each with a key of its own", () =>
    Effect.gen(function*() {
      const { client, edge } = yield* withClient()
      const promised = yield* Effect.promise(() => client.placeOrder(order))
      const accepted = yield* client.effect.placeOrder(order)
      assert.strictEqual(promised.status, "AUTHORIZED")
      assert.notStrictEqual(promised.order_ledger_id, accepted.order_ledger_id)
      const again = yield* client.effect.placeOrder(order, { idempotencyKey: edge.keys[0]! })
      assert.strictEqual(again.order_ledger_id, promised.order_ledger_id)
    }))

  it.effect("repeats what got no definite answer with the same key, and places one order", () =>
    Effect.gen(function*() {
      const { client, edge } = yield* withClient()
      edge.says.push(
        after("0", 503),
        after("0", 409),
        HttpServerResponse.text("{\"order_led", { status: 202, contentType: "application/json" })
      )
      yield* client.effect.placeOrder(order)
      assert.lengthOf(edge.keys, 4)
      assert.strictEqual(new Set(edge.keys).size, 1)
      assert.strictEqual(edge.placed.size, 1)
    }))

  it.effect("an answer lost on its way places one order, not two", () =>
    Effect.gen(function*() {
      let lost = 0
      const losing: typeof fetch = async (input, init) => {
        const response = await fetch(input, init)
        if (lost++ < 2) throw new TypeError("socket hang up")
        return response
      }
      const { client, edge } = yield* withClient({ fetch: losing })
      const accepted = yield* client.effect.placeOrder(order)
      assert.deepStrictEqual([...edge.placed.values()], [accepted.order_ledger_id])
      assert.lengthOf(edge.keys, 3)
    }))

  it.effect("waits at least as long as Retry-After says", () =>
    Effect.gen(function*() {
      const { client, edge } = yield* withClient()
      edge.says.push(after("1", 503))
      const asked = Date.now()
      yield* client.effect.placeOrder(order)
      assert.isAtLeast(Date.now() - asked, 990)
    }))

  it.effect("a definite no is one problem with all it says, and is not repeated", () =>
    Effect.gen(function*() {
      const { client, edge } = yield* withClient()
      edge.says.push(new PaymentDeclined({ decline_code: "insufficient_funds", detail: "not enough money" }))
      const problem = yield* rejected(client.placeOrder(order))
      assert.instanceOf(problem, SuretyProblem)
      assert.instanceOf(problem, Error)
      assert.strictEqual(problem.error, "payment_declined")
      assert.strictEqual(problem.status, 402)
      assert.strictEqual(problem.detail, "not enough money")
      assert.strictEqual(problem.extra["decline_code"], "insufficient_funds")
      assert.strictEqual(problem.extra["idempotency_key"], edge.keys[0])
      assert.lengthOf(edge.keys, 1)
      const missing = yield* Effect.flip(client.effect.getOrder(randomUUID()))
      assert.strictEqual(missing.error, "order_not_found")
    }))

  it.effect("gives up after its retries, with the key to try again with", () =>
    Effect.gen(function*() {
      const { client, edge } = yield* withClient({ retries: 1 })
      edge.says.push(after("0", 502), after("0", 502))
      const problem = yield* Effect.flip(client.effect.placeOrder(order))
      assert.strictEqual(problem.error, "http_502")
      assert.lengthOf(edge.keys, 2)
      const nobody = createSuretyClient({ base_url: "http://127.0.0.1:9", retries: 0 })
      const unreachable = yield* rejected(nobody.placeOrder(order, { idempotencyKey: "mine" }))
      assert.strictEqual(unreachable.error, "unreachable")
      assert.strictEqual(unreachable.extra["idempotency_key"], "mine")
    }))

  it.effect("refuses what is no order before it is sent", () =>
    Effect.gen(function*() {
      const { client, edge } = yield* withClient()
      for (const wrong of [{ ...order, items: [] }, { ...order, emial: "typo" }]) {
        const problem = yield* Effect.flip(client.effect.placeOrder(wrong))
        assert.strictEqual(problem.error, "invalid_request")
      }
      assert.strictEqual((yield* Effect.flip(client.effect.getOrder("../orders"))).error, "invalid_request")
      assert.strictEqual(
        (yield* rejected(client.placeOrder(order, { idempotencyKey: "a b" }))).error,
        "invalid_request"
      )
      assert.lengthOf(edge.keys, 0)
    }))

  it.effect("waits for an order's end, and no longer than it is told", () =>
    Effect.gen(function*() {
      const { client, edge } = yield* withClient()
      edge.statuses.push("AUTHORIZED", "ORDER_CREATED", "COMPENSATING", "FAILED")
      const ended = yield* Effect.promise(() => client.waitForEnd(aProduct))
      assert.strictEqual(ended.status, "FAILED")
      edge.statuses.splice(0, 4, "INVENTORY_RESERVED")
      const problem = yield* rejected(client.waitForEnd(aProduct, { timeoutMillis: 150 }))
      assert.strictEqual(problem.error, "not_ended_yet")
    }))

  it.effect("lists orders by what it is asked for", () =>
    Effect.gen(function*() {
      const { client, edge } = yield* withClient()
      const page = yield* Effect.promise(() => client.listOrders({ user_id: "u", status: "COMPLETED", limit: 5 }))
      assert.strictEqual(page.next_cursor, aProduct)
      yield* client.effect.listOrders()
      assert.deepStrictEqual(edge.queries, [{ user_id: "u", status: "COMPLETED", limit: 5 }, {}])
    }))
})
