import { assert } from "@effect/vitest"
import { portOf } from "@surety/platform/http-server"
import { httpCall } from "@surety/testkit/http-call"
import { always, judge } from "@surety/testkit/judge"
import { administrator, testDatabase } from "@surety/testkit/test-database"
import { Context, Effect, Layer, type Redacted } from "effect"
import { HttpServer } from "effect/http"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import { inventory } from "../src/service.ts"

class InventoryDatabase extends Context.Service<InventoryDatabase, { readonly url: Redacted.Redacted }>()(
  "test/InventoryDatabase"
) {
  static readonly layer = Layer.effect(InventoryDatabase, Effect.map(testDatabase, (url) => ({ url })))
}

export const settingsFor = (url: Redacted.Redacted) => ({
  listen: { host: "127.0.0.1", port: 0 },
  database: { url, role: "surety_inventory", application_name: "inventory-under-test", max_connections: 10 }
})

/** Requests to the service on this port. */
const callAt = (port: number) => (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  httpCall(method, `http://127.0.0.1:${port}${path}`, body, headers)

/** The service in this process on a port of its own, with an administrator's SQL beside it. */
export class InventoryUnderTest extends Context.Service<InventoryUnderTest, {
  readonly call: ReturnType<typeof callAt>
}>()("test/InventoryUnderTest") {
  static readonly layer = Layer.effect(
    InventoryUnderTest,
    Effect.map(HttpServer.HttpServer, (server) => ({ call: callAt(portOf(server)) }))
  ).pipe(
    Layer.provide(Layer.unwrap(Effect.map(InventoryDatabase, ({ url }) => inventory(settingsFor(url))))),
    Layer.provideMerge(Layer.unwrap(Effect.map(InventoryDatabase, ({ url }) => administrator(url)))),
    Layer.provideMerge(InventoryDatabase.layer)
  )
}

export const call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  Effect.flatMap(InventoryUnderTest, (service) => service.call(method, path, body, headers))

/** A call that must come out with this status. */
export const expectStatus = Effect.fn(function*(
  status: number,
  ...request: readonly [method: string, path: string, body?: unknown, headers?: Record<string, string>]
) {
  const answer = yield* call(...request)
  assert.strictEqual(answer.status, status, JSON.stringify(answer.body))
  return answer.body
})

export const aProduct = Effect.suspend(() =>
  expectStatus(201, "POST", "/products", { name: "Tea", sku: randomUUID(), price_cents: 450 })
)

export const aWarehouse = (latitude: number, longitude: number) =>
  Effect.suspend(() => {
    const code = randomUUID().slice(0, 13)
    return expectStatus(201, "POST", "/warehouses", { code, name: code, location: { latitude, longitude } })
  })

export const adjust = (product: string, body: object, key: string = randomUUID()) =>
  call("POST", `/products/${product}/stock`, body, { "idempotency-key": key })

/** Brings units of a product to a warehouse, the default one unless told. */
export const stock = (product: string, quantity: number, warehouse?: string) =>
  Effect.tap(
    adjust(product, { quantity, reason: "test", ...(warehouse !== undefined && { warehouse_id: warehouse }) }),
    (answer) => Effect.sync(() => assert.strictEqual(answer.status, 200, JSON.stringify(answer.body)))
  )

export const availabilityOf = (product: string) => expectStatus(200, "GET", `/products/${product}/availability`)

/** An order no other test has. */
export const anOrder = (items: ReadonlyArray<readonly [product: string, quantity: number]>, more: object = {}) => ({
  order_id: randomUUID() as string,
  items: items.map(([product_id, quantity]) => ({ product_id, quantity })),
  ...more
})

export interface Result {
  readonly order_id: string
  readonly outcome: "done" | "refused"
  readonly status?: string
  readonly warehouse_id?: string
  readonly reason?: string
}

const set =
  (path: string) => (items: ReadonlyArray<unknown>): Effect.Effect<ReadonlyArray<Result>, never, InventoryUnderTest> =>
    Effect.map(expectStatus(200, "POST", path, { items }), (body) => body.results)
export const reserveSet = set("/reservations/batch")
export const releaseSet = set("/reservations/releases/batch")
export const commitSet = set("/reservations/commitments/batch")
export const reserve = (order: object) => call("POST", "/reservations", order)

const booksOfInventory = ["oversell", "stock_drift", "reserved_is_what_is_held", "committed_is_what_left"]

/** What is on hand is what came and left, what is reserved is what is held, and what left is what was committed. */
export const assertBooksBalance = Effect.gen(function*() {
  const verdict = yield* judge(always.filter(({ name }) => booksOfInventory.includes(name)))
  assert.deepStrictEqual(verdict, [])
})

/** How many rows each table has: what a refused request must leave alone. */
export const rowCounts = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
  SELECT (SELECT count(*) FROM inventory.products) AS products, (SELECT count(*) FROM inventory.warehouses) AS warehouses,
    (SELECT count(*) FROM inventory.stock) AS stock, (SELECT count(*) FROM inventory.movements) AS movements,
    (SELECT count(*) FROM inventory.adjustments) AS adjustments,
    (SELECT count(*) FROM inventory.reservations) AS reservations`)
