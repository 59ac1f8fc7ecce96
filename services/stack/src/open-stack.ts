import { seedCatalogue, seedProducts } from "@surety/inventory/seed"
import { database } from "@surety/platform/database"
import { migrate } from "@surety/platform/migrate"
import { resolvePostgres } from "@surety/platform/postgres/postgres-server"
import { Effect, Redacted } from "effect"
import { type Environment, runStack, type StackUrls } from "./run-stack.ts"

/** Where an embedded database and the simulator's journal live, unless `SURETY_DATA` says otherwise. */
const DATA_FOLDER = ".data"

const tour = (urls: StackUrls, product: string) => `
  edge API      ${urls.edge_api}       docs at ${urls.edge_api}/docs
  inventory     ${urls.inventory}       docs at ${urls.inventory}/docs
  payment       ${urls.payment}       docs at ${urls.payment}/docs
  orders        ${urls.orders}       docs at ${urls.orders}/docs
  operations    ${urls.orchestrator}       docs at ${urls.orchestrator}/docs
  provider      ${urls.simulator}       simulated; what it did: ${urls.simulator}/_simulator/log

Try it:

  npm run demo

  curl -i ${urls.edge_api}/orders -H 'content-type: application/json' -H "Idempotency-Key: $(date +%s)" -d '{
    "user_id": "user_1", "email": "ada@example.com",
    "items": [{ "product_id": "${product}", "quantity": 2 }],
    "payment": { "method": "card", "token": "tok_visa_success" }
  }'
  curl ${urls.edge_api}/orders

Ctrl-C stops it. The data stays.
`

/** Everything from nothing: a database found or fetched, migrated and seeded, and all services on it. */
export const openStack = Effect.fn("openStack")(function*(
  environment: Environment,
  say: (line: string) => Effect.Effect<void>
) {
  const dataFolder = environment["SURETY_DATA"] ?? DATA_FOLDER
  const given = environment["DATABASE_URL"]
  yield* say("finding a PostgreSQL with PostGIS …")
  const server = yield* resolvePostgres({
    mode: "persistent",
    dataFolder,
    databaseUrl: given === undefined || given === "" ? undefined : Redacted.make(given),
    say
  })
  yield* say(`database: ${server.description}`)
  yield* say("migrating and seeding …")
  yield* migrate(server.url)
  yield* seedCatalogue.pipe(
    Effect.provide(
      database({ url: server.url, role: "surety_inventory", application_name: "surety-seed", max_connections: 1 })
    )
  )
  yield* say("starting the services …")
  const urls = yield* runStack(server.url, { SIMULATOR_DATA_FOLDER: `${dataFolder}/simulator`, ...environment })
  yield* say(tour(urls, seedProducts.coffee))
  return urls
})
