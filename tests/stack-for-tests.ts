import { assert } from "@effect/vitest"
import type { PlaceOrder } from "@surety/contracts/edge-api"
import type { Product } from "@surety/contracts/inventory-api"
import { seedCatalogue } from "@surety/inventory/seed"
import { database } from "@surety/platform/database"
import { type Environment, runStack, type StackUrls } from "@surety/stack/run-stack"
import { compareWithProvider as compare } from "@surety/testkit/compare-with-provider"
import { httpCall } from "@surety/testkit/http-call"
import { judge } from "@surety/testkit/judge"
import { afterTheEnd as ledgerAtRest } from "@surety/testkit/ledger-rest"
import { anyPorts } from "@surety/testkit/service-process"
import { administrator, testDatabase } from "@surety/testkit/test-database"
import { Context, Effect, Layer, Logger, type Redacted, References, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"

/** Any free ports, and time compressed: one unit of patience is 5 ms instead of 1 s. */
export const compressed: Environment = {
  ...anyPorts,
  SAGA_RETRY_UNIT_MILLIS: "5",
  SAGA_IDLE_MILLIS: "20",
  SAGA_GATHER_MILLIS: "5",
  SAGA_CALL_TIMEOUT_MILLIS: "5000",
  SAGA_LEASE_MILLIS: "8000",
  EDGE_RETRY_UNIT_MILLIS: "5",
  EDGE_RESOLVE_EVERY_MILLIS: "30",
  EDGE_LEASE_MILLIS: "15000",
  PROVIDER_TIMEOUT_MILLIS: "400",
  PROVIDER_BREAKER_OPEN_MILLIS: "50"
}

export interface Stack {
  readonly urls: StackUrls
  readonly database: Redacted.Redacted
  /** An administrator's connection, over all schemas. */
  readonly sql: SqlClient.SqlClient
}

const seed = (url: Redacted.Redacted) =>
  seedCatalogue.pipe(
    Effect.provide(database({ url, role: "surety_inventory", application_name: "seed", max_connections: 1 }))
  )

/** A seeded database of one's own, without services. */
export const seededDatabase = Effect.gen(function*() {
  const url = yield* testDatabase
  yield* seed(url)
  const context = yield* Layer.build(administrator(url))
  return { database: url, sql: Context.get(context, SqlClient.SqlClient) }
})

/**
 * All services on a database of one's own, over real HTTP, until the scope closes. Logs are kept to errors; with an
 * `OTEL_EXPORTER_OTLP_ENDPOINT` they go there in full, and nowhere else.
 */
export const stackForTests = (environment: Environment = {}, without: ReadonlyArray<"orchestrator"> = []) => {
  const observed = "OTEL_EXPORTER_OTLP_ENDPOINT" in environment
  return Effect.gen(function*() {
    const { database, sql } = yield* seededDatabase
    const urls = yield* runStack(database, { ...compressed, ...environment }, without)
    return { urls, database, sql } satisfies Stack
  }).pipe(
    Effect.provide(Logger.layer(observed ? [] : [Logger.consoleJson])),
    Effect.provideService(References.MinimumLogLevel, observed ? "Info" : "Error")
  )
}

export { tally } from "@surety/testkit/ledger-rest"

/** One HTTP request; whatever the status, an answer. */
export const request = httpCall

/** A new product with `units` in the default warehouse. */
export const stocked = Effect.fnUntraced(function*(stack: Stack, units: number, priceCents = 2999) {
  const created = yield* request<Product>("POST", `${stack.urls.inventory}/products`, {
    name: "Widget",
    sku: randomUUID(),
    priceCents
  })
  assert.strictEqual(created.status, 201, created.text)
  if (units > 0) {
    const stock = { quantity: units, reason: "Initial inventory" }
    const added = yield* request("POST", `${stack.urls.inventory}/products/${created.body.id}/stock`, stock, {
      "idempotency-key": randomUUID()
    })
    assert.strictEqual(added.status, 200, added.text)
  }
  return created.body.id
})

export const orderOf = (product: string, quantity = 1, token = "tok_visa_success"): object =>
  ({
    user_id: "user_1",
    email: "ada@example.com",
    items: [{ product_id: product, quantity }],
    payment: { method: "card", token }
  }) satisfies Record<keyof Omit<PlaceOrder, "shipping_address">, unknown>

export const place = (stack: Stack, order: unknown, key?: string) =>
  Effect.suspend(() =>
    request("POST", `${stack.urls.edge_api}/orders`, order, { "idempotency-key": key ?? randomUUID() })
  )

/**
 * Each of these statements on the ledger's entries takes half a second. What it sees is from before, so those that begin
 * together do not see each other.
 */
export const dawdling = (stack: Stack, statement: "INSERT" | "UPDATE") =>
  stack.sql`
    CREATE FUNCTION ledger.dawdle() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END $$`.pipe(
    Effect.andThen(stack.sql`
      CREATE TRIGGER dawdle BEFORE ${stack.sql.literal(statement)} ON ledger.entries
      FOR EACH STATEMENT EXECUTE FUNCTION ledger.dawdle()`)
  )

/** All ledger entries, once every one has ended or is parked. */
export const afterTheEnd = (stack: { readonly sql: SqlClient.SqlClient }, atMost = "45 seconds" as const) =>
  Effect.provideService(ledgerAtRest(atMost), SqlClient.SqlClient, stack.sql)

/** Waits until a ledger entry fits a condition. */
export const untilEntry = (stack: Pick<Stack, "sql">, condition: string) =>
  stack.sql.unsafe(`SELECT id FROM ledger.all_entries WHERE ${condition}`).pipe(
    Effect.repeat({ until: (rows) => rows.length > 0, schedule: Schedule.spaced("10 millis") }),
    Effect.timeout("20 seconds")
  )

/** What the provider really did must be what our books say: an order's money taken once and whole, or not at all. */
export const compareWithProvider = (stack: Stack) =>
  Effect.provideService(compare(stack.urls.simulator), SqlClient.SqlClient, stack.sql)

/** The judge's verdict and the comparison with the provider, both of which must be empty. */
export const assertBooksBalance = Effect.fnUntraced(function*(stack: Stack) {
  assert.deepStrictEqual(yield* judge().pipe(Effect.provideService(SqlClient.SqlClient, stack.sql)), [])
  assert.deepStrictEqual(yield* compareWithProvider(stack), { wrong: [], strangers: [] })
})
