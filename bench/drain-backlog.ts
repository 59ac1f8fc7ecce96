import { httpCall } from "@surety/testkit/http-call"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { fillBacklog, filledCents, listBacklog } from "./growth-fill.ts"
import { type Cost, costOfEach, measure } from "./meter.ts"
import { holdAtProvider } from "./provider-holds.ts"
import { assertCleanVerdict, untilRest } from "./run-load.ts"
import type { RunningBench } from "./run-workloads.ts"

/** How a backlog of AUTHORIZED orders was driven to its end. */
export interface Drained extends Cost {
  readonly orders: number
  /** From the first step that was recorded to the last. */
  readonly per_second: number
  /** How often an order was claimed after it was accepted; 1 is no claim too many. */
  readonly claims_an_order: number
  readonly leases_expired: number
  /** Captures that the provider was asked for, an order. */
  readonly captures_an_order: number
}

const setClaiming = (bench: RunningBench, paused: boolean) =>
  httpCall("PUT", `${bench.stack.urls.orchestrator}/claiming`, { paused }).pipe(
    Effect.tap(({ status, text }) => status < 300 ? Effect.void : Effect.die(new Error(text)))
  )

const capturesSoFar = (bench: RunningBench) =>
  Effect.map(
    httpCall("GET", `${bench.stack.urls.simulator}/_simulator/totals`),
    ({ body }): number => body.effects.captured ?? 0
  )

/** Fills in a backlog while nobody claims, lets the orchestrators at it, and waits until it is gone. */
export const drainBacklog = Effect.fn("drainBacklog")(function*(bench: RunningBench, orders: number) {
  const sql = yield* SqlClient.SqlClient
  yield* setClaiming(bench, true)
  const ids = yield* listBacklog(orders)
  yield* fillBacklog(yield* holdAtProvider(bench.stack.urls.simulator, ids, filledCents))
  const captures = yield* capturesSoFar(bench)
  const work = Effect.gen(function*() {
    yield* setClaiming(bench, false)
    yield* untilRest
    const [row] = yield* sql<{ seconds: number; claims: number; expired: number; completed: number }>`
      SELECT extract(epoch FROM max(ended_at) - min(order_created_at))::float8 AS seconds, avg(fence - 1)::float8 AS claims,
        sum(lease_expiries)::float8 AS expired, count(*) FILTER (WHERE status = 'COMPLETED')::float8 AS completed
      FROM ledger.entries WHERE id = ANY(${ids}::uuid[])`
    if (row!.completed !== orders) return yield* Effect.die(new Error(`${row!.completed} of ${orders} were COMPLETED`))
    return { seconds: row!.seconds, claims_an_order: row!.claims, leases_expired: row!.expired }
  })
  const { cost, result } = yield* measure(bench.consumers, work)
  const captures_an_order = ((yield* capturesSoFar(bench)) - captures) / orders
  yield* assertCleanVerdict(bench.stack)
  const { claims_an_order, leases_expired, seconds } = result
  const counted = { orders, per_second: orders / seconds, claims_an_order, leases_expired, captures_an_order }
  return { ...counted, ...costOfEach(cost, orders) } satisfies Drained
})
