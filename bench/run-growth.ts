import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Wish } from "./arguments.ts"
import type { BenchServer } from "./bench-server.ts"
import { backlog } from "./growth-backlog.ts"
import { fullTables } from "./growth-full-tables.ts"
import { heldTransaction } from "./growth-held-transaction.ts"
import { idle } from "./growth-idle.ts"
import { orchestrators } from "./growth-orchestrators.ts"
import { growthText } from "./growth-result.ts"
import { telemetry } from "./growth-telemetry.ts"
import type { GrowthName } from "./names.ts"
import { type RunningBench, startBench } from "./run-workloads.ts"

const growth = {
  "full-tables": fullTables,
  backlog,
  orchestrators,
  "held-transaction": heldTransaction,
  idle,
  telemetry
} as const satisfies Record<GrowthName, unknown>

const run = (name: GrowthName, bench: RunningBench, wish: Wish) =>
  growth[name](bench, wish).pipe(Effect.provideService(SqlClient.SqlClient, bench.database.sql))

/** The provider has never heard of orders that were filled in, which reconciliation would find, one by one. */
const UNRECONCILED = { RECONCILE_EVERY_MILLIS: "86400000" }

/** Each on a system and a database of its own. */
export const runGrowth = (server: BenchServer, wish: Wish) =>
  Effect.forEach(wish.growth, (name) =>
    Effect.scoped(Effect.gen(function*() {
      const result = yield* run(name, yield* startBench(server, name === "full-tables" ? UNRECONCILED : {}), wish)
      console.log(growthText(result))
      return result
    })))
