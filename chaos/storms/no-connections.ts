import { Effect, Schedule } from "effect"
import type { SqlClient } from "effect/sql"
import { until } from "./passing-time.ts"
import type { Storm } from "./storm.ts"
import { takeAllConnections } from "./taken-connections.ts"

const LOOK_EVERY = "50 millis"

/** Ends what the services are connected by; succeeds with how many connections that were. */
const endOthers = Effect.fnUntraced(function*(sql: SqlClient.SqlClient) {
  // In a transaction, what was seen of the server's activity first is seen again, unless it is asked to look.
  yield* sql`SELECT pg_stat_clear_snapshot()`
  const [row] = yield* sql<{ n: number }>`
    SELECT count(*) FILTER (WHERE pg_terminate_backend(pid))::int AS n FROM pg_stat_activity
    WHERE application_name LIKE 'surety-%' AND application_name <> 'surety-test'`
  return row!.n
}, Effect.orDie)

/** A neighbour on the same server that leaks connections, or a pooler set up wrongly. */
export const noConnections: Storm = {
  name: "no-connections",
  says: "the services' connections are ended and all of max_connections taken, for 30 s",
  seconds: { short: 6, full: 30 },
  blow: ({ cluster: { database, sql }, customers, seconds }) =>
    Effect.gen(function*() {
      const crowd = yield* customers()
      const counts = { ended: 0, taken: 0, alone: 0 }
      const storm = Effect.gen(function*() {
        const taken = yield* takeAllConnections(database)
        // Whoever lost his connection wants it back; who is quicker gets it, so this goes on until nobody has one.
        const look = Effect.map(endOthers(sql), (ended) => {
          counts.ended += ended
          counts.alone += ended === 0 ? 1 : 0
          counts.taken = Math.max(counts.taken, taken())
        })
        yield* Effect.forkScoped(Effect.repeat(look, Schedule.spaced(LOOK_EVERY)))
        yield* until("nobody connected but us", Effect.sync(() => counts.alone > 0))
        const answered = crowd.answered()
        yield* Effect.sleep(seconds * 1000)
        return crowd.answered() - answered
      })
      // In a transaction, so that a connection of ours stays ours meanwhile.
      const answered = yield* sql.withTransaction(Effect.scoped(storm))
      return {
        customers: crowd,
        injected: {
          "connections taken": counts.taken,
          "connections ended": counts.ended,
          "looks at which no service had any": counts.alone
        },
        tells: `${answered} orders were answered while there were no connections`
      }
    }).pipe(Effect.orDie)
}
