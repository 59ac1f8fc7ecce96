import { database } from "@surety/platform/database"
import { jsonLogs, runProgram } from "@surety/platform/run-service"
import { databaseSettings } from "@surety/platform/settings"
import { Effect } from "effect"
import { seedCatalogue } from "./seed.ts"

/** Reads `DATABASE_URL`; the database must have been migrated. */
const program = Effect.gen(function*() {
  const settings = yield* databaseSettings("inventory-seed", "surety_inventory")
  yield* Effect.provide(seedCatalogue, database(settings))
  yield* Effect.logInfo("catalogue.seeded")
})

runProgram(
  program.pipe(
    Effect.tapCause((cause) => Effect.logFatal("seed.failed", cause)),
    Effect.annotateLogs({ service: "inventory-seed" }),
    Effect.provide(jsonLogs)
  )
)
