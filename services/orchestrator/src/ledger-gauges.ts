import { wholeSetting } from "@surety/platform/settings"
import type { liveStatuses, parkedReasons } from "@surety/platform/telemetry/catalogue"
import { setGauge, setGauges } from "@surety/platform/telemetry/metrics"
import { Config, Effect, Layer, References } from "effect"
import { SqlClient } from "effect/sql"
import { rarely } from "./rarely.ts"

/** `GAUGES_EVERY_MILLIS`: how often the ledger is counted. */
export const ledgerGaugesSettings = Config.all({
  every_millis: wholeSetting("GAUGES_EVERY_MILLIS", { minimum: 10, maximum: 600_000, fallback: 5_000 })
})
export type LedgerGaugesSettings = Config.Success<typeof ledgerGaugesSettings>

interface Group {
  readonly status: (typeof liveStatuses)[number]
  /** With every number in it replaced: there may be as many texts as orders, but there are few kinds of them. */
  readonly parked_reason: string | null
  readonly orders: number
  readonly due_seconds: number
}

type ParkedReason = (typeof parkedReasons)[number]

/**
 * Why a person has to look, in a word. What is refused is told by a code, such as `inventory.reserve: committed`; what is
 * stuck by a sentence about what the provider holds, or by the refund that it refused.
 */
export const parkedReasonOf = (text: string): ParkedReason => {
  const [, reason] = /^[\w.]+: (.+)$/.exec(text) ?? []
  if (reason === undefined) return "other"
  if (reason === "no answer") return "no_answer"
  if (reason.startsWith("refund_refused")) return "stuck"
  return /^\w+(: \w+)?$/.test(reason) ? "refused" : "stuck"
}

const summed = <Word extends string>(groups: ReadonlyArray<readonly [Word, number]>) => {
  const sums: Partial<Record<Word, number>> = {}
  for (const [word, orders] of groups) sums[word] = (sums[word] ?? 0) + orders
  return sums
}

const count = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const groups = yield* sql<Group>`
    SELECT e.status, regexp_replace(e.parked_reason, '\\d+', '0', 'g') AS parked_reason, count(*)::integer AS orders,
      coalesce(extract(epoch FROM now() - min(d.next_run_at) FILTER (WHERE d.next_run_at <= now())), 0)::float8
        AS due_seconds
    FROM ledger.due d JOIN ledger.entries e ON e.id = d.order_id
    GROUP BY 1, 2`
  yield* setGauges("saga.ledger.orders", summed(groups.map(({ orders, status }) => [status, orders])))
  const parked = groups.flatMap(({ orders, parked_reason }) =>
    parked_reason === null ? [] : [[parkedReasonOf(parked_reason), orders] as const]
  )
  yield* setGauges("saga.ledger.parked", summed(parked))
  const due = groups.filter(({ parked_reason }) => parked_reason === null).map(({ due_seconds }) => due_seconds)
  yield* setGauge("saga.ledger.oldest_age", Math.max(0, ...due))
})

/**
 * Counts the orders that have not ended by their status, those that wait for a person by why, and says how long the oldest
 * one that is due has been so; for as long as the layer lives, and not without telemetry. It reads the tickets, so it does
 * not matter how many orders have ended.
 */
export const ledgerGauges = ({ every_millis }: LedgerGaugesSettings) =>
  Layer.effectDiscard(
    Effect.gen(function*() {
      if (yield* References.TracerEnabled) yield* Effect.forkScoped(rarely("gauges", every_millis, count))
    })
  )
