import { Effect, Schedule } from "effect"
import { SqlClient } from "effect/sql"

/** Where an order stands in the ledger. */
export interface LedgerEnd {
  readonly id: string
  readonly status: string
  readonly reason: string | null
  readonly parked_reason: string | null
}

const unrested = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) =>
    sql`SELECT id, status, last_error, attempts, lease_owner FROM ledger.all_entries
    WHERE id IN (SELECT order_id FROM ledger.due) AND parked_at IS NULL LIMIT 5`
)

/** All ledger entries, once every one has ended or is parked. Dies with some of those that did not after `atMost`. */
export const afterTheEnd = (atMost: `${number} seconds`) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    return yield* sql<LedgerEnd & { readonly rests: boolean }>`
      SELECT id, status, reason, parked_reason,
        parked_at IS NOT NULL OR id NOT IN (SELECT order_id FROM ledger.due) AS rests
      FROM ledger.all_entries`
      .pipe(
        Effect.repeat({ until: (rows) => rows.every((row) => row.rests), schedule: Schedule.spaced("25 millis") }),
        Effect.timeoutOrElse({
          duration: atMost,
          orElse: () =>
            Effect.flatMap(unrested, (rows) => Effect.die(new Error(`orders have not ended: ${JSON.stringify(rows)}`)))
        })
      )
  })

/** How many entries stand at each status. */
export const tally = (rows: ReadonlyArray<{ readonly status: string }>): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const { status } of rows) counts[status] = (counts[status] ?? 0) + 1
  return counts
}
