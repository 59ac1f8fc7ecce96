// The bill: what one order costs the database in statements, commits and WAL bytes, accepting and completing apart. Figures
// that do not depend on how fast or how busy the machine is. All services in this process. `npm run bill [-- ORDERS]`.
import { seededRandom } from "@surety/platform/seeded-random"
import { runStack } from "@surety/stack/run-stack"
import { httpCall } from "@surety/testkit/http-call"
import { Effect, Logger, References } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import { benchDatabase, benchServer } from "./bench-server.ts"
import { type Bill, costOfEach, measure } from "./meter.ts"
import { assertCleanVerdict, untilRest } from "./run-load.ts"
import { digits, percent, table } from "./table.ts"
import { workloads } from "./workloads.ts"

const ORDERS = Number(process.argv[2] ?? 1280)
/** As many customers as fit into a set. */
const CUSTOMERS = 64
const WARM_UP = 64

const services = ["EDGE_API", "INVENTORY", "PAYMENT", "ORDERS", "ORCHESTRATOR", "SIMULATOR"]
const environment = {
  ...Object.fromEntries(services.map((name) => [`${name}_PORT`, "0"])),
  SAGA_LANES: "1",
  PROVIDER_TIMEOUT_MILLIS: "20000",
  RECONCILE_EVERY_MILLIS: "86400000"
}

const place = (edge: string, orders: number, random: () => number) =>
  Effect.forEach(
    Array.from({ length: orders }, (_, n) => workloads.uniform.order(n, random)),
    (order) =>
      httpCall("POST", `${edge}/orders`, order, { "idempotency-key": randomUUID() }).pipe(
        Effect.tap(({ status, text }) => status === 202 ? Effect.void : Effect.die(new Error(text)))
      ),
    { concurrency: CUSTOMERS, discard: true }
  )

const row = (phase: string, { commits, fpi_bytes, statements, wal_bytes }: Bill) => [
  phase,
  statements === undefined ? "not counted here" : digits(statements),
  digits(commits),
  digits(wal_bytes),
  fpi_bytes === undefined ? "not told apart" : digits(fpi_bytes)
]

const bill = Effect.gen(function*() {
  const server = yield* benchServer
  const { sql, url } = yield* benchDatabase(server)
  const urls = yield* runStack(url, environment)
  const claiming = (paused: boolean) => httpCall("PUT", `${urls.orchestrator}/claiming`, { paused })
  const metered = <A, E, R>(work: Effect.Effect<A, E, R>) =>
    Effect.map(
      measure({ processes: [], postmaster: server.pid, role: "surety%" }, work),
      ({ cost }) => costOfEach(cost, ORDERS).bill
    )
  yield* Effect.gen(function*() {
    const random = seededRandom(1)
    yield* place(urls.edge_api, WARM_UP, random)
    yield* untilRest
    yield* claiming(true)
    const accepted = yield* metered(place(urls.edge_api, ORDERS, random))
    const completed = yield* metered(Effect.andThen(claiming(false), untilRest))
    yield* assertCleanVerdict({ urls })
    const sum = (of: (bill: Bill) => number | undefined) => (of(accepted) ?? 0) + (of(completed) ?? 0)
    const together = {
      ...completed,
      statements: sum((b) => b.statements),
      commits: sum((b) => b.commits),
      wal_bytes: sum((b) => b.wal_bytes),
      fpi_bytes: sum((b) => b.fpi_bytes)
    }
    console.log(table(["an order", "statements", "commits", "WAL bytes", "full-page images besides"], [
      row("accepted (edge, catalogue and payment)", accepted),
      row("completed (the saga, in sets)", completed),
      row("together", together)
    ]))
    const hot = Object.entries(completed.hot_share).map(([name, share]) => `${name} ${percent(share)}`)
    console.log(`\nheap-only updates: ${hot.join(", ")}\nthe judge: clean`)
  }).pipe(Effect.provideService(SqlClient.SqlClient, sql))
}).pipe(
  Effect.scoped,
  Effect.provideService(References.MinimumLogLevel, "Error"),
  Effect.provide(Logger.layer([Logger.consoleJson]))
)

await Effect.runPromise(bill)
