import { Deferred, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { readFileSync, statSync } from "node:fs"
import type { Wish } from "./arguments.ts"
import type { GrowthResult } from "./growth-result.ts"
import { percentiles } from "./percentiles.ts"
import { runLoad } from "./run-load.ts"
import type { RunningBench } from "./run-workloads.ts"
import { type LoggedStatement, statementsIn } from "./statement-log.ts"
import { digits } from "./table.ts"

const RATE = 150
const BASELINE_SECONDS = 60
/** The end of the hold, when most has been left lying. */
const LAST_SECONDS = 60
const SLOWER_MAX = 2
/** A claim, by a line of its own that no other statement has. */
const isClaim = ({ text }: LoggedStatement) => text.includes("lease_expiries = e.lease_expiries +")

/** All statements with their durations to the server's log, or none. */
const logStatements = (wanted: boolean) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* sql.unsafe(`ALTER SYSTEM SET log_min_duration_statement = ${wanted ? 0 : -1}`)
    yield* sql`SELECT pg_reload_conf()`
  })

/** A report that reads for a long time: as long as its snapshot stays, nothing that died since can be cleared away. */
const hold = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const held = yield* Deferred.make<void>()
  const report = Effect.gen(function*() {
    yield* sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`
    yield* sql`SELECT count(*) FROM ledger.due`
    yield* Deferred.succeed(held, undefined)
    return yield* Effect.never
  })
  yield* Effect.forkScoped(sql.withTransaction(report))
  yield* Deferred.await(held)
})

const dead = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ n: number }>`
    SELECT n_dead_tup::float8 AS n FROM pg_stat_user_tables WHERE schemaname = 'ledger' AND relname = 'due'`
  return row!.n
})

/** How long claims took, in milliseconds, from a place in the log on. */
const claimsOf = (log: string, from: number) => {
  const logged = statementsIn(readFileSync(log).subarray(from).toString())
  return logged.filter(isClaim).map(({ millis }) => millis)
}

/** The same load without and with a transaction held open: what dies and cannot be cleared away must not slow the claim. */
export const heldTransaction = Effect.fn("heldTransaction")(
  function*(bench: RunningBench, wish: Pick<Wish, "hold_seconds" | "rate">) {
    const { log } = bench.server
    const load = { loop: "open", workload: "uniform", rate: wish.rate ?? RATE } as const
    yield* logStatements(true)
    const baselineFrom = statSync(log).size
    const free = yield* runLoad(bench, { ...load, seconds: BASELINE_SECONDS }, "no transaction held")
    const freeClaims = claimsOf(log, baselineFrom)
    yield* logStatements(false)
    const heldFrom = statSync(log).size
    const { held, left } = yield* Effect.scoped(Effect.gen(function*() {
      yield* hold
      yield* Effect.forkScoped(
        Effect.andThen(Effect.sleep((wish.hold_seconds - LAST_SECONDS) * 1000), logStatements(true))
      )
      const held = yield* runLoad(bench, { ...load, seconds: wish.hold_seconds }, `held for ${wish.hold_seconds} s`, 2)
      return { held, left: yield* dead }
    }))
    const heldClaims = claimsOf(log, heldFrom)
    yield* logStatements(false)
    const claims = [percentiles(freeClaims), percentiles(heldClaims)] as const
    const value = claims[1].p99 / claims[0].p99
    const counts = [freeClaims.length, heldClaims.length]
    return {
      name: `a transaction held open for ${wish.hold_seconds} s, at ${
        digits(load.rate)
      } orders/s; dead tickets at its end: ${left}`,
      head: [
        "",
        "claims",
        "claim p50, ms",
        "p95",
        "p99",
        "to COMPLETED p95, ms",
        "cores busy with other things"
      ],
      rows: [free, held].map((figures, i) => [
        i === 0 ? figures.load : `${figures.load}, its last ${LAST_SECONDS} s`,
        `${counts[i]}`,
        digits(claims[i]!.p50),
        digits(claims[i]!.p95),
        digits(claims[i]!.p99),
        digits(figures.completed_millis.p95),
        digits(figures.foreign_cores)
      ]),
      goal: `claim p99 at most ${SLOWER_MAX} × as long`,
      value,
      met: value <= SLOWER_MAX
    } satisfies GrowthResult
  }
)
