import { portOf } from "@surety/platform/http-server"
import { httpCall } from "@surety/testkit/http-call"
import { administrator, testDatabase } from "@surety/testkit/test-database"
import { Context, Effect, Layer, type Redacted } from "effect"
import { HttpServer } from "effect/http"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import { orders } from "../src/service.ts"
import type { OrdersSettings } from "../src/settings.ts"

/** A database of its own for a test file; gone afterwards. */
export class OrdersDatabase extends Context.Service<OrdersDatabase, Redacted.Redacted>()("test/OrdersDatabase") {
  static readonly layer = Layer.effect(OrdersDatabase, testDatabase)
}

export const settingsFor = (url: Redacted.Redacted): OrdersSettings => ({
  listen: { host: "127.0.0.1", port: 0 },
  database: { url, role: "surety_orders", application_name: "orders-under-test", max_connections: 10 }
})

/** Requests to the service on this port. */
export const callAt =
  (port: number) => (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
    httpCall(method, `http://127.0.0.1:${port}${path}`, body, headers)

/** The service in this process on a port of its own, with the tester's SQL beside it. */
export class OrdersUnderTest extends Context.Service<OrdersUnderTest, {
  readonly port: number
  readonly call: ReturnType<typeof callAt>
}>()("test/OrdersUnderTest") {
  static readonly layer = Layer.effect(
    OrdersUnderTest,
    Effect.map(HttpServer.HttpServer, (server) => ({ port: portOf(server), call: callAt(portOf(server)) }))
  ).pipe(
    Layer.provide(Layer.unwrap(Effect.map(OrdersDatabase, (url) => orders(settingsFor(url))))),
    Layer.provideMerge(Layer.unwrap(Effect.map(OrdersDatabase, administrator))),
    Layer.provideMerge(OrdersDatabase.layer)
  )
}

/** Every row of the table, by id. */
export const rows = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) =>
    sql<{ order_ledger_id: string; status: string; cancel_reason: string | null }>`
    SELECT order_ledger_id, status, cancel_reason FROM orders.orders ORDER BY order_ledger_id`
)

const product = "0198a4b2-7d1e-7c3a-9f00-000000000001"

/** An order no other test has: `created(…).order_ledger_id` is fresh. */
export const anOrder = (changes: Record<string, unknown> = {}) => ({
  order_ledger_id: randomUUID() as string,
  user_id: "user-1",
  email: "user@example.test",
  items: [{ product_id: product, quantity: 2, unit_price_cents: 1250 }],
  total_cents: 2500,
  currency: "usd",
  ...changes
})
