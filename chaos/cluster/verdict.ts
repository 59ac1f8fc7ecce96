import { judge } from "@surety/testkit/judge"
import { tally } from "@surety/testkit/ledger-rest"
import { Effect, Option, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { digits, table } from "../../bench/table.ts"
import type { Cluster } from "./cluster.ts"
import type { Customers } from "./customers.ts"
import { acknowledgedAreKnown, type Check, check, moneyAtTheProvider, sameAnswersAgain } from "./verdict-checks.ts"

export interface Verdict {
  readonly orders: {
    readonly sent: number
    readonly acknowledged: number
    readonly refused: number
    readonly unanswered: number
    readonly completed: number
    readonly failed: number
    readonly parked: number
    /** Why those failed that did, and how many each. */
    readonly reasons: Readonly<Record<string, number>>
  }
  /** From the end of all faults until every order had ended or was parked. */
  readonly terminal_seconds: number
  readonly checks: ReadonlyArray<Check>
  readonly holds: boolean
}

export interface VerdictOptions {
  /** Orders may rest parked: the provider never came back to them. */
  readonly parked_allowed?: boolean
  /** How long all orders may take to end once nothing fails any more. */
  readonly terminal_seconds_max?: number
}

const TERMINAL_SECONDS_MAX = 30
/** After so many times as long nobody waits any more. */
const WAITS = 3
const ACKNOWLEDGED_SHARE_MIN = 0.95
/** What a cell of the table shows of what was found. */
const FOUND_SHORT = 40

/** Nothing fails any more, nobody is paused, everybody runs. */
export const healed = (cluster: Cluster): Effect.Effect<void> =>
  Effect.gen(function*() {
    yield* cluster.heal
    yield* Effect.forEach(Object.values(cluster.nodes), (node) => Effect.andThen(node.resume, node.start), {
      concurrency: "unbounded",
      discard: true
    })
  })

/** Waits until every order has ended or is parked; succeeds with the seconds it took, or undefined past the limit. */
const untilAllRest = (sql: SqlClient.SqlClient, since: number, limitSeconds: number) =>
  sql`SELECT FROM ledger.all_entries WHERE id IN (SELECT order_id FROM ledger.due) AND parked_at IS NULL LIMIT 1`.pipe(
    Effect.repeat({ until: (rows) => rows.length === 0, schedule: Schedule.spaced("50 millis") }),
    Effect.map(() => (performance.now() - since) / 1000),
    Effect.timeoutOption(limitSeconds * 1000),
    Effect.map(Option.getOrUndefined)
  )

const tallied = (words: ReadonlyArray<string>) => tally(words.map((status) => ({ status })))

/**
 * Ends a storm: takes all faults away, waits until customers have their answers and orders their ends, and judges.
 * Customers must have been told to stop before.
 */
export const verdict = (
  cluster: Cluster,
  customers: Pick<Customers, "served">,
  { parked_allowed = false, terminal_seconds_max = TERMINAL_SECONDS_MAX }: VerdictOptions = {}
): Effect.Effect<Verdict> =>
  Effect.gen(function*() {
    const sql = cluster.sql
    const since = performance.now()
    yield* healed(cluster)
    const served = yield* customers.served
    const seconds = yield* untilAllRest(sql, since, WAITS * terminal_seconds_max)
    const ids = served.acknowledged.map(({ answer }) => answer.id!)
    const ends = yield* sql<{ status: string; reason: string | null }>`
      SELECT status, reason FROM ledger.all_entries WHERE id = ANY (${ids}::uuid[])`
    const counts = tally(ends)
    const parkedFor = (yield* sql<{ reason: string }>`
      SELECT parked_reason AS reason FROM ledger.all_entries WHERE parked_at IS NOT NULL`).map(({ reason }) => reason)
    const parked = parkedFor.length
    const broken = yield* judge()
    const wanted = served.sent.length - served.refused
    const share = wanted === 0 ? 0 : served.acknowledged.length / wanted
    const checks = [
      check(
        `all orders have ended within ${terminal_seconds_max} s of healing`,
        seconds !== undefined && seconds <= terminal_seconds_max,
        seconds === undefined ? `not within ${WAITS * terminal_seconds_max} s` : `${digits(seconds)} s`
      ),
      check("parked orders", parked === 0 || parked_allowed, parked === 0 ? "none" : tallied(parkedFor)),
      yield* acknowledgedAreKnown(served),
      check(
        "of the orders that were not refused, acknowledged",
        share >= ACKNOWLEDGED_SHARE_MIN,
        `${digits(share * 100)} %`
      ),
      check("the judge's invariants", broken.length === 0, broken.length === 0 ? "all hold" : broken),
      ...(yield* moneyAtTheProvider(cluster)),
      yield* sameAnswersAgain(cluster, served)
    ]
    return {
      orders: {
        sent: served.sent.length,
        acknowledged: served.acknowledged.length,
        refused: served.refused,
        unanswered: served.unanswered,
        completed: counts["COMPLETED"] ?? 0,
        failed: (counts["FAILED"] ?? 0) + (counts["AUTHORIZATION_FAILED"] ?? 0),
        parked,
        reasons: tallied(ends.flatMap(({ reason }) => reason ?? []))
      },
      terminal_seconds: seconds ?? Infinity,
      checks,
      holds: checks.every(({ holds }) => holds)
    }
  }).pipe(Effect.provideService(SqlClient.SqlClient, cluster.sql), Effect.orDie)

/** The verdict as a small table; what is broken stands below it in full. */
export const verdictTable = ({ checks }: Pick<Verdict, "checks">): string => {
  const short = (found: string) => found.length > FOUND_SHORT ? `${found.slice(0, FOUND_SHORT)}…` : found
  const broken = checks.filter(({ holds }) => !holds)
  return [
    table(
      ["check", "found", ""],
      checks.map(({ found, holds, what }) => [what, short(found), holds ? "holds" : "BROKEN"])
    ),
    ...broken.map(({ found, what }) => `\n${what}: ${found}`)
  ].join("\n")
}
