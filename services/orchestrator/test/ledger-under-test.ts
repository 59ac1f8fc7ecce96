import { telemetry } from "@surety/platform/telemetry/telemetry"
import type { OtlpReceiver } from "@surety/testkit/otlp-receiver"
import { otlpReceiver } from "@surety/testkit/otlp-receiver"
import { administrator, testDatabase } from "@surety/testkit/test-database"
import { Context, Effect, Layer, Logger, type Redacted, References } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"

/** A database whose books can be written by hand, and a collector that keeps what is said of them. */
export const booksUnderTest = Effect.gen(function*() {
  const receiver = yield* otlpReceiver
  const url = yield* testDatabase
  const sql = Context.get(yield* Layer.build(administrator(url)), SqlClient.SqlClient)
  yield* sql`ALTER TABLE ledger.entries DISABLE TRIGGER USER`

  /** An entry, and unless it has ended its ticket, due since `due` ago. */
  const entry = Effect.fnUntraced(function*(
    status: string,
    { due = "0 s", id = randomUUID(), parked = null }: {
      readonly id?: string
      readonly due?: string
      readonly parked?: string | null
    } = {}
  ) {
    const ended = ["COMPLETED", "FAILED", "AUTHORIZATION_FAILED"].includes(status)
    yield* sql`
      INSERT INTO ledger.entries (id, shard, caller, idempotency_key, request_hash, user_id, email, items, total_cents,
        currency, status, reason, undoing, parked_at, parked_reason, authorized_at, order_created_at,
        inventory_reserved_at, payment_captured_at, compensating_at, ended_at)
      VALUES (${id}::uuid, 0, 'test', ${id}::text, decode(repeat('00', 32), 'hex'), 'user', 'user@example.test', '[]', 500,
        'usd', ${status}::text, 'because', CASE ${status}::text WHEN 'COMPENSATING' THEN 'orders.create' END,
        CASE WHEN ${parked}::text IS NOT NULL THEN now() END, ${parked}::text, now(), now(), now(), now(), now(),
        CASE WHEN ${ended}::boolean THEN now() END)`
    if (ended) return id
    yield* sql`
      INSERT INTO ledger.due (order_id, next_run_at)
      VALUES (${id}::uuid, CASE WHEN ${parked}::text IS NULL THEN now() - ${due}::interval ELSE 'infinity' END)`
    return id
  })

  return { receiver, url, sql, entry } as const
})

/** Builds a layer as the orchestrator's, with telemetry, until the scope closes. */
export const observed = <A, E>(layer: Layer.Layer<A, E>, receiver: OtlpReceiver) =>
  Layer.build(
    layer.pipe(
      Layer.provide(telemetry("orchestrator", {
        endpoint: receiver.endpoint,
        span_delay_millis: 50,
        log_delay_millis: 50,
        metric_interval_millis: 50
      })),
      Layer.provide(Logger.layer([])),
      Layer.provide(Layer.succeed(References.MinimumLogLevel, "Info"))
    )
  )

/** The database of the service itself, by the role it has. */
export const connection = (url: Redacted.Redacted) => ({
  url,
  role: "surety_ledger",
  application_name: "orchestrator-under-test",
  max_connections: 2
})
