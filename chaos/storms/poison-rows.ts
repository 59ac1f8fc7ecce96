import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { together } from "../cluster/customers.ts"
import { orderOf } from "../cluster/mixed-orders.ts"
import type { Check } from "../cluster/verdict-checks.ts"
import { until } from "./passing-time.ts"
import type { Ground, Storm } from "./storm.ts"

/** What a bug, a bad migration or a hand at the database leaves behind: rows that some step cannot send or take. */
const poisons = {
  "no items": "items = '[]'",
  "items that are none": `items = '[{"product": "tea"}]'`,
  "an item of no known product": `items = jsonb_set(items, '{0,product_id}', '"00000000-0000-7000-8000-0000000000ff"')`,
  "a product id that is none": `items = jsonb_set(items, '{0,product_id}', '"tea"')`,
  "no user": "user_id = ''",
  "an address that is none": `shipping_address = '"the moon"'`,
  "a country that is a number": `shipping_address = '{"city": 7, "country": 7}'`,
  "a trace context that is none": "trace_context = decode(repeat('00', length(trace_context)), 'hex')"
} as const

/** Telemetry costs no order. */
const HARMLESS: ReadonlySet<string> = new Set(["a trace context that is none"])

const EACH = { short: 2, full: 25 } as const
const GOOD = { short: 60, full: 1_500 } as const

interface Spoilt {
  readonly id: string
  readonly poison: string
}

/** Orders that were accepted as good ones, and are spoilt before anybody has claimed them. */
const spoil = Effect.fnUntraced(function*({ customers, scale }: Ground) {
  const sql = yield* SqlClient.SqlClient
  const each = Object.entries(poisons).flatMap((poison) => Array.from({ length: EACH[scale] }, () => poison))
  const crowd = yield* customers({ order: (n) => orderOf(n), orders: each.length, pace: { at_once: 16 } })
  const { acknowledged } = yield* crowd.served
  const spoilt = acknowledged.map(({ answer }, i): Spoilt => ({ id: answer.id!, poison: each[i]![0] }))
  for (const { id, poison } of spoilt) {
    yield* sql.unsafe(`UPDATE ledger.entries SET ${poisons[poison as keyof typeof poisons]} WHERE id = $1`, [id])
  }
  return { crowd, spoilt }
})

/** How rows of each kind ended: what stands in the way of a step is undone or parked, never done. */
const endsOf = Effect.fnUntraced(function*(spoilt: ReadonlyArray<Spoilt>) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ id: string; status: string; parked: boolean }>`
    SELECT id, status, parked_at IS NOT NULL AS parked FROM ledger.all_entries
    WHERE id = ANY (${spoilt.map(({ id }) => id)}::uuid[])`
  const byId = new Map(rows.map((row) => [row.id, `${row.status}${row.parked ? " (parked)" : ""}`]))
  const ends = Object.keys(poisons).map((kind): readonly [kind: string, ends: ReadonlySet<string>] => [
    kind,
    new Set(spoilt.flatMap(({ id, poison }) => poison === kind ? byId.get(id) ?? [] : []))
  ])
  const wrong = ends.filter(([kind, statuses]) =>
    statuses.size === 0 || statuses.has("COMPLETED") !== HARMLESS.has(kind)
  )
  return [{
    what: "what cannot be digested is undone or parked",
    holds: wrong.length === 0,
    found: ends.map(([kind, statuses]) => `${kind}: ${[...statuses].join(", ")}`).join("; ")
  }] satisfies ReadonlyArray<Check>
})

/** Every row that nobody can digest ends by itself, and holds no good one back. */
export const poisonRows: Storm = {
  name: "poison-rows",
  says: "rows that no step can digest, eight kinds of them, stand among good ones in the ledger",
  parked_allowed: true,
  blow: (ground) =>
    Effect.gen(function*() {
      const { cluster, customers, scale } = ground
      const { sql } = cluster
      const setClaiming = (paused: boolean) => sql`UPDATE ledger.claiming SET paused = ${paused}`
      // Sixteen attempts, as many as in production, within seconds.
      yield* cluster.nodes.orchestrator.restartWith({ SAGA_RETRY_UNIT_MILLIS: "2" })
      yield* setClaiming(true)
      const { crowd: bad, spoilt } = yield* spoil(ground)
      const good = yield* customers()
      yield* setClaiming(false)
      yield* until("good orders enough", Effect.sync(() => good.answered() >= GOOD[scale]), "120 seconds")
      const afterwards = Effect.andThen(cluster.nodes.orchestrator.restart, endsOf(spoilt)).pipe(
        Effect.orDie,
        Effect.provideService(SqlClient.SqlClient, sql)
      )
      return { customers: together([bad, good]), injected: { "rows spoilt": spoilt.length }, afterwards }
    }).pipe(Effect.orDie, Effect.provideService(SqlClient.SqlClient, ground.cluster.sql))
}
