import { database, inTransaction } from "@surety/platform/database"
import { httpClient } from "@surety/platform/http-client"
import { portOf, serveApi } from "@surety/platform/http-server"
import { logEvent } from "@surety/platform/telemetry/event-logs"
import { count, observe } from "@surety/platform/telemetry/metrics"
import { telemetry } from "@surety/platform/telemetry/telemetry"
import type { TelemetrySettings } from "@surety/platform/telemetry/telemetry-settings"
import {
  annotateSpan,
  currentTraceparent,
  inSpan,
  received,
  sendingSpan,
  withoutTracing
} from "@surety/platform/telemetry/trace-context"
import { Context, Effect, Layer, Logger, type Redacted, Schedule, Schema } from "effect"
import { HttpClient, HttpServer } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { SqlClient } from "effect/sql"

const params = { thing_id: Schema.String }

class ThingsGroup extends HttpApiGroup.make("things").add(
  HttpApiEndpoint.post("place", "/things/:thing_id", { params, success: Schema.String }),
  HttpApiEndpoint.get("read", "/things/:thing_id", { params, success: Schema.String }),
  HttpApiEndpoint.get("break", "/broken", { success: Schema.String }),
  HttpApiEndpoint.get("spoil", "/spoiled", { success: Schema.String })
) {}

export class ThingsApi extends HttpApi.make("things").add(ThingsGroup) {}

/** What no telemetry may ever have: all of it goes through statements, errors, logs and spans of the toy. */
export const secrets = {
  card: "4242 4242-4242 4242",
  digits: "378282246310005",
  email: "ada.lovelace+x@mail.example.com",
  token: "tok_visa_success_9",
  query: "query-secret"
}

const readThing = Effect.fn("readThing")(function*(id: string) {
  yield* annotateSpan({ "saga.order.id": id })
  const sql = yield* SqlClient.SqlClient
  yield* sql`SELECT order_ledger_id FROM orders.orders WHERE email = ${secrets.email}`
  return id
}, Effect.orDie)

const placeThing = Effect.fn("placeThing")(function*(id: string, neighbour: string | undefined) {
  const sql = yield* SqlClient.SqlClient
  yield* readThing(id)
  const sent = yield* inTransaction(sql`
    WITH wanted AS (SELECT order_ledger_id FROM orders.orders WHERE email = ${secrets.email} FOR UPDATE)
    UPDATE orders.orders AS o SET status = 'CONFIRMED' FROM wanted w WHERE w.order_ledger_id = o.order_ledger_id`)
    .pipe(
      Effect.andThen(currentTraceparent),
      sendingSpan("send order.ledger", { "saga.order.id": id })
    )
  if (neighbour !== undefined) {
    const http = yield* HttpClient.HttpClient
    yield* http.get(`${neighbour}/things/${id}?secret=${secrets.query}`)
  }
  yield* logEvent("order.accepted", { "saga.order.id": id, note: `to ${secrets.email}` })
  yield* Effect.logWarning("saga.trouble", { doing: "claim", error: `card ${secrets.card}` })
  yield* count("saga.orders.accepted")
  yield* observe("saga.queue.wait", 0.2)
  return sent
}, Effect.orDie)

const handlers = (neighbour: string | undefined) =>
  HttpApiBuilder.group(ThingsApi, "things", (handlers) =>
    handlers.handleAll({
      place: ({ params }) =>
        Effect.gen(function*() {
          const sent = yield* placeThing(params.thing_id, neighbour)
          yield* inSpan("work", { attributes: { card: secrets.digits } })(Effect.void).pipe(
            inSpan("process order.ledger", received({ sent_by: sent, age_millis: 10 }))
          )
          yield* inSpan("process order.ledger late", received({ sent_by: sent, age_millis: 16 * 60_000 }))(Effect.void)
          return sent ?? "none"
        }),
      read: ({ params }) => readThing(params.thing_id),
      break: () => Effect.die(new Error(`no ${secrets.email} with ${secrets.token} and ${secrets.card}`)),
      spoil: () =>
        Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT 1 / 0 FROM orders.orders`).pipe(
          Effect.as(""),
          Effect.orDie
        )
    }))

/** Goes round as services' loops do, on the same database. */
const idlePolls = Layer.effectDiscard(
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT count(*) FROM orders.orders`).pipe(
    withoutTracing,
    Effect.repeat(Schedule.spaced("20 millis")),
    Effect.forkScoped
  )
)

export interface Toy {
  readonly name: string
  readonly database: Redacted.Redacted
  readonly neighbour?: string | undefined
}

/** A service on the real platform, without telemetry. */
export const toy = ({ database: url, name, neighbour }: Toy) =>
  Layer.mergeAll(serveApi(ThingsApi, handlers(neighbour), { host: "127.0.0.1", port: 0 }), idlePolls).pipe(
    Layer.provide(httpClient),
    Layer.provide(database({ url, role: "surety_orders", application_name: `toy-${name}`, max_connections: 2 }))
  )

/** A toy with telemetry, in this process, until the scope closes. */
export const toyService = (settings: Toy & { readonly telemetry: TelemetrySettings }, memoMap?: Layer.MemoMap) =>
  Effect.gen(function*() {
    const said: Array<string> = []
    const layer = toy(settings).pipe(
      Layer.provide(telemetry(settings.name, settings.telemetry)),
      Layer.provide(Logger.layer([Logger.map(Logger.formatJson, (line) => void said.push(line))]))
    )
    const built = Layer.buildWithMemoMap(layer, memoMap ?? (yield* Layer.makeMemoMap), yield* Effect.scope)
    // In the span of whatever starts it, as where several services share a process.
    const context = yield* Effect.withSpan(built, "starting the toy")
    return { url: `http://127.0.0.1:${portOf(Context.get(context, HttpServer.HttpServer))}`, said }
  })

export const sendingTo = (endpoint: string | undefined): TelemetrySettings => ({
  endpoint,
  span_delay_millis: 50,
  log_delay_millis: 50,
  metric_interval_millis: 200
})
