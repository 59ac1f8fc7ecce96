import { simulatorControl } from "@surety/provider-simulator/control-client"
import { judge } from "@surety/testkit/judge"
import { Effect, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import type { Load, loadGenerator, Seen } from "./load.ts"
import { type Consumers, type Cost, costOfEach, measure } from "./meter.ts"
import type { WorkloadName } from "./names.ts"
import { type Percentiles, percentiles } from "./percentiles.ts"
import type { RunningStack } from "./service-processes.ts"

/** A result that cannot be trusted, and so is not shown. */
export class Untrustworthy extends Error {}

/** What one load of one workload came to; each is the mean or a percentile over its orders. */
export interface Figures extends Cost {
  readonly workload: WorkloadName
  readonly load: string
  readonly accepted: number
  readonly completed: number
  readonly ended_otherwise: number
  /** Answers by their status; 0 is a connection that broke. */
  readonly answers: Readonly<Record<string, number>>
  readonly accepted_per_second: number
  /** From the first request to the last order's end. */
  readonly completed_per_second: number
  readonly ended_per_second: number
  /** From when the request was due to its answer, in milliseconds. */
  readonly accept_millis: Percentiles
  /** From when the request was due to the transition, in milliseconds. */
  readonly completed_millis: Percentiles
  /** Those that ended, whichever way; costs are by one of them. */
  readonly orders: number
}

export interface Bench {
  readonly stack: Pick<RunningStack, "urls">
  readonly generator: Effect.Success<typeof loadGenerator>
  readonly consumers: Consumers
}

const REST_LIMIT = "300 seconds"

/** Waits until every order has ended or is parked. */
export const untilRest = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql<{ n: number }>`SELECT count(*)::int AS n FROM ledger.due WHERE next_run_at < 'infinity'`.pipe(
    Effect.repeat({ until: ([row]) => row?.n === 0, schedule: Schedule.spaced("200 millis") }),
    Effect.timeoutOrElse({
      duration: REST_LIMIT,
      orElse: () => Effect.die(new Untrustworthy(`orders have not ended within ${REST_LIMIT}`))
    })
  )
})

/** What the provider has taken and holds for us, by our own books; what was filled in by SQL it never heard of. */
const ourBooks = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ held: number; taken: number }>`
    SELECT coalesce(sum(amount_cents) FILTER (WHERE status = 'AUTHORIZED'), 0)::float8 AS held,
      coalesce(sum(captured_cents - refunded_cents), 0)::float8 AS taken
    FROM payment.payments WHERE provider_id NOT LIKE 'filled%'`
  return row!
})

/** The books of all services must be in order, and the provider's say the same. */
export const assertCleanVerdict = Effect.fnUntraced(function*(stack: Bench["stack"]) {
  const verdict = yield* judge()
  if (verdict.length > 0) return yield* Effect.die(new Untrustworthy(`the judge found: ${JSON.stringify(verdict)}`))
  const totals = yield* simulatorControl(stack.urls.simulator).totals
  const { held, taken } = yield* ourBooks
  const agree = totals.held_cents === held && totals.captured_cents - totals.refunded_cents === taken
  if (totals.references_paid_twice > 0 || !agree) {
    return yield* Effect.die(new Untrustworthy(`the provider has ${JSON.stringify({ totals, held, taken })}`))
  }
})

/** UUIDv7s sort by time: the smallest id an order of this moment may have. Clocks of one machine agree within a second. */
const firstIdOf = (epochMillis: number): string => {
  const hex = Math.floor(epochMillis - 1000).toString(16).padStart(12, "0")
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`
}

interface End {
  readonly id: string
  readonly status: string
  readonly at: number
}

const endsSince = Effect.fnUntraced(function*(epochMillis: number) {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<End>`
    SELECT id, status, extract(epoch FROM ended_at)::float8 * 1000 AS at FROM ledger.entries
    WHERE id >= ${firstIdOf(epochMillis)}::uuid AND ended_at IS NOT NULL`
})

const tallyOf = (statuses: Uint16Array) => {
  const answers: Record<string, number> = {}
  for (const status of statuses) answers[status] = (answers[status] ?? 0) + 1
  return answers
}

/** What the load generator saw, and what the database says became of it. */
const figuresOf = (seen: Seen, ends: ReadonlyArray<End>) => {
  const completedAt = new Map(ends.flatMap(({ at, id, status }) => status === "COMPLETED" ? [[id, at]] : []))
  const dueOf = new Map<string, number>()
  seen.ids.forEach((id, i) => {
    if (id !== "") dueOf.set(id, seen.due[i]!)
  })
  const lastEnd = ends.reduce((last, { at }) => Math.max(last, at), seen.ended)
  const completed_millis = Array.from(completedAt).flatMap(([id, at]) => {
    const due = dueOf.get(id)
    return due === undefined ? [] : [at - due]
  })
  return {
    accepted: dueOf.size,
    completed: completedAt.size,
    ended_otherwise: ends.length - completedAt.size,
    orders: ends.length,
    answers: tallyOf(seen.statuses),
    accepted_per_second: dueOf.size * 1000 / (seen.ended - seen.began),
    completed_per_second: completedAt.size * 1000 / (lastEnd - seen.began),
    ended_per_second: ends.length * 1000 / (lastEnd - seen.began),
    accept_millis: percentiles(Array.from(seen.answered, (at, i) => at - seen.due[i]!)),
    completed_millis: percentiles(completed_millis)
  }
}

type LoadShape = Load extends infer L ? L extends unknown ? Omit<L, "url" | "run" | "seed"> : never : never

/** Puts one load on the system, waits until all of it has ended, judges the books, and tells what it came to. */
export const runLoad = Effect.fn("runLoad")(function*(bench: Bench, shape: LoadShape, says: string, seed = 1) {
  const work = Effect.gen(function*() {
    const order = { ...shape, url: bench.stack.urls.edge_api, run: randomUUID(), seed }
    const seen = yield* bench.generator.put(order)
    if (seen.trouble.length > 0) return yield* Effect.die(new Untrustworthy(seen.trouble.join("; ")))
    yield* untilRest
    return seen
  })
  const { cost, result } = yield* measure(bench.consumers, work)
  const figures = figuresOf(result, yield* endsSince(result.began))
  yield* assertCleanVerdict(bench.stack)
  return { workload: shape.workload, load: says, ...figures, ...costOfEach(cost, figures.orders) } satisfies Figures
})
