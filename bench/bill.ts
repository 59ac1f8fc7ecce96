// The bill: what one order costs the database in statements, commits and WAL bytes, at sets of 64. Figures that do not depend
// on how fast or how busy the machine is. `node bench/bill.ts [orders]`.
import { seedCatalogue, seedProducts } from "@surety/inventory/seed"
import { database } from "@surety/platform/database"
import { migrate } from "@surety/platform/migrate"
import { freshDatabase } from "@surety/platform/postgres/fresh-database"
import { resolvePostgres } from "@surety/platform/postgres/postgres-server"
import { runStack } from "@surety/stack/run-stack"
import { judge } from "@surety/testkit/judge"
import { administrator } from "@surety/testkit/test-database"
import { Effect, Logger, References, Schedule, Tracer } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"

const ORDERS = Number(process.argv[2] ?? 1280)
const counts = { statements: 0, transactions: 0 }

class CountedSpan extends Tracer.NativeSpan {
  override attribute(key: string, value: unknown): void {
    if (key === "db.query.text") counts.statements += 1
    super.attribute(key, value)
  }
}

/** Counts what the services send: a span a statement, a span a transaction (its BEGIN and COMMIT are two more). */
const counting = Tracer.make({
  span: (options) => {
    if (options.name === "sql.transaction") counts.transactions += 1
    return new CountedSpan(options)
  }
})

const post = (url: string, body: unknown, method = "POST") =>
  Effect.promise(() =>
    fetch(url, {
      method,
      headers: { "content-type": "application/json", "idempotency-key": randomUUID() },
      body: JSON.stringify(body)
    }).then(async (response) => ({ status: response.status, text: await response.text() }))
  )

const place = (edge: string) =>
  post(`${edge}/orders`, {
    user_id: "user_1",
    email: "ada@example.com",
    items: [{ product_id: seedProducts.coffee, quantity: 1 }],
    payment: { method: "card", token: "tok_visa_success" },
    shipping_address: { city: "Utrecht", postal_code: "3511", country: "NL" }
  }).pipe(Effect.tap(({ status, text }) => status === 202 ? Effect.void : Effect.die(new Error(text))))

interface Meter {
  readonly lsn: string
  readonly commits: number
  readonly statements: number
  readonly fpi: number
}

const bill = Effect.gen(function*() {
  const server = yield* resolvePostgres({ mode: "ephemeral", concurrent: true })
  const url = yield* freshDatabase({ server })
  yield* migrate(url)
  yield* seedCatalogue.pipe(
    Effect.provide(database({ url, role: "surety_inventory", application_name: "seed", max_connections: 1 }))
  )
  const urls = yield* runStack(url, {
    ...Object.fromEntries(
      ["EDGE_API", "INVENTORY", "PAYMENT", "ORDERS", "ORCHESTRATOR", "SIMULATOR"].map((name) => [`${name}_PORT`, "0"])
    ),
    SAGA_LANES: "1",
    PROVIDER_TIMEOUT_MILLIS: "20000"
  })
  yield* Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const stockUp = { quantity: ORDERS, reason: "the bill" }
    yield* post(`${urls.inventory}/products/${seedProducts.coffee}/stock`, stockUp)
    const read = Effect.gen(function*() {
      // Counters of sessions reach the view within a second or when they go idle.
      yield* Effect.sleep("1500 millis")
      const [row] = yield* sql<Omit<Meter, "statements">>`
        SELECT pg_current_wal_lsn()::text AS lsn, (SELECT xact_commit::float8 FROM pg_stat_database
          WHERE datname = current_database()) AS commits, (SELECT wal_fpi::float8 FROM pg_stat_wal) AS fpi`
      return { ...row!, statements: counts.statements + 2 * counts.transactions } satisfies Meter
    })
    const line = Effect.fnUntraced(function*(phase: string, before: Meter, after: Meter) {
      const [wal] = yield* sql<{ bytes: number }>`
        SELECT pg_wal_lsn_diff(${after.lsn}::pg_lsn, ${before.lsn}::pg_lsn)::float8 AS bytes`
      const each = (n: number) => (n / ORDERS).toFixed(2).padStart(9)
      console.log(
        `${phase.padEnd(28)}${each(after.statements - before.statements)}${each(after.commits - before.commits)}` +
          `${String(Math.round(wal!.bytes / ORDERS)).padStart(9)}${String(after.fpi - before.fpi).padStart(6)}`
      )
    })
    yield* post(`${urls.orchestrator}/claiming`, { paused: true }, "PUT")
    yield* Effect.replicateEffect(place(urls.edge_api), 64, { concurrency: 16, discard: true })
    const start = yield* read
    yield* Effect.replicateEffect(place(urls.edge_api), ORDERS, { concurrency: 16, discard: true })
    const accepted = yield* read
    const began = performance.now()
    yield* post(`${urls.orchestrator}/claiming`, { paused: false }, "PUT")
    yield* sql<{ n: number }>`SELECT count(*)::int AS n FROM ledger.due`.pipe(
      Effect.repeat({ until: ([row]) => row?.n === 0, schedule: Schedule.spaced("50 millis") })
    )
    const seconds = (performance.now() - began) / 1000
    const ended = yield* read
    const [hot] = yield* sql<{ share: number }>`
      SELECT 100.0 * n_tup_hot_upd / n_tup_upd AS share FROM pg_stat_user_tables WHERE relname = 'entries'`
    console.log(`${ORDERS} orders of one line, an order${" ".repeat(5)}statements  commits      WAL   FPI`)
    yield* line("accepted (edge, payment)", start, accepted)
    yield* line("completed (saga, in sets)", accepted, ended)
    yield* line("together", start, ended)
    console.log(`HOT share of ledger updates: ${Number(hot?.share).toFixed(1)} %`)
    console.log(`saga phase: ${((ORDERS + 64) / seconds).toFixed(0)} orders/s in one process with everything else`)
    const verdict = yield* judge()
    console.log(verdict.length === 0 ? "the judge: clean" : `the judge: ${JSON.stringify(verdict)}`)
    if (verdict.length > 0) process.exitCode = 1
  }).pipe(Effect.provide(administrator(url)))
}).pipe(
  Effect.scoped,
  Effect.provideService(Tracer.Tracer, counting),
  Effect.provideService(References.MinimumLogLevel, "Error"),
  Effect.provide(Logger.layer([Logger.consoleJson]))
)

await Effect.runPromise(bill)
