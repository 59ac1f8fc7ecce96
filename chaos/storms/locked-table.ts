import { Effect, Fiber } from "effect"
import { pass } from "./passing-time.ts"
import type { Storm } from "./storm.ts"

const LOCK_SECONDS = 10
const TABLES = {
  short: ["inventory.stock"],
  full: ["ledger.entries", "inventory.stock", "payment.payments", "orders.orders"]
} as const

/** An administrator's ALTER TABLE that waits for its end, a VACUUM FULL: nobody can read or write a table for a while. */
export const lockedTable: Storm = {
  name: "locked-table",
  says: "each of the busiest tables is locked (ACCESS EXCLUSIVE) for 10 s",
  blow: ({ cluster: { sql }, customers, random, scale }) =>
    Effect.gen(function*() {
      const crowd = yield* customers()
      const waited: Record<string, number> = {}
      for (const table of TABLES[scale]) {
        yield* pass(random, 500, 1_500)
        const lock = sql.withTransaction(
          Effect.andThen(sql.unsafe(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`), Effect.sleep(LOCK_SECONDS * 1000))
        )
        const locked = yield* Effect.forkChild(lock)
        yield* Effect.sleep(LOCK_SECONDS * 1000 / 2)
        const [row] = yield* sql<{ n: number }>`
          SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted AND relation = ${table}::regclass`
        waited[`statements that waited for ${table}, at a look`] = row!.n
        yield* Fiber.join(locked)
      }
      return { customers: crowd, injected: waited }
    }).pipe(Effect.orDie)
}
