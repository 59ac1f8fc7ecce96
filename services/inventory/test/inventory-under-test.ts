import { PgClient } from "@effect/sql-pg"
import { portOf } from "@surety/platform/http-server"
import { statementsOf } from "@surety/platform/migrate"
import { Context, Effect, Layer, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { Reactivity } from "effect/reactivity"
import { randomUUID } from "node:crypto"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { inventory } from "../src/service.ts"

const CLUSTER = process.env["TEST_DATABASE_URL"] ?? "postgres://postgres@127.0.0.1:54655/postgres"
const SCHEMA = fileURLToPath(new URL("../../../migrations/inventory/0001_inventory.sql", import.meta.url))

/** A database of its own with the inventory schema in it; gone afterwards. */
export class InventoryDatabase extends Context.Service<InventoryDatabase, { readonly url: string }>()(
  "test/InventoryDatabase"
) {
  static readonly layer = Layer.effect(
    InventoryDatabase,
    Effect.gen(function*() {
      const name = `inventory_${randomUUID().replaceAll("-", "")}`
      const admin = yield* PgClient.make({ url: Redacted.make(CLUSTER), maxConnections: 1 })
      yield* admin.unsafe(`CREATE DATABASE ${name}`)
      yield* Effect.addFinalizer(() => Effect.orDie(admin.unsafe(`DROP DATABASE ${name} WITH (FORCE)`)))
      const url = CLUSTER.replace(/\/[^/]*$/, `/${name}`)
      const sql = yield* PgClient.make({ url: Redacted.make(url), maxConnections: 1 })
      for (const statement of statementsOf(readFileSync(SCHEMA, "utf8"))) yield* sql.unsafe(statement)
      return { url }
    })
  ).pipe(Layer.provide(Reactivity.layer))
}

/** The tester's own connections to that database, past the service. */
const testerSql = Layer.unwrap(
  Effect.map(InventoryDatabase, ({ url }) => PgClient.layer({ url: Redacted.make(url), maxConnections: 4 }))
)

const settingsFor = (url: string) => ({
  listen: { host: "127.0.0.1", port: 0 },
  database: {
    url: Redacted.make(url),
    role: "surety_inventory",
    application_name: "inventory-under-test",
    max_connections: 10
  }
})

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: any
}

/** Sends a request as it is told: a string is sent as it stands, anything else as JSON. */
const callAt =
  (port: number) =>
  (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Effect.Effect<Answer> =>
    Effect.promise(async () => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
        headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers }
      })
      const text = await response.text()
      const isJson = /json/.test(response.headers.get("content-type") ?? "")
      return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
    })

/** The service in this process on a port of its own, with the tester's SQL beside it. */
export class InventoryUnderTest extends Context.Service<InventoryUnderTest, {
  readonly call: ReturnType<typeof callAt>
}>()("test/InventoryUnderTest") {
  static readonly layer = Layer.effect(
    InventoryUnderTest,
    Effect.map(HttpServer.HttpServer, (server) => ({ call: callAt(portOf(server)) }))
  ).pipe(
    Layer.provide(Layer.unwrap(Effect.map(InventoryDatabase, ({ url }) => inventory(settingsFor(url))))),
    Layer.provideMerge(testerSql),
    Layer.provideMerge(InventoryDatabase.layer)
  )
}
