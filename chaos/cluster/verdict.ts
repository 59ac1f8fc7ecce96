import { simulatorControl } from "@surety/provider-simulator/control-client"
import { compareWithProvider } from "@surety/testkit/compare-with-provider"
import { judge } from "@surety/testkit/judge"
import { tally } from "@surety/testkit/ledger-rest"
import { Effect, Option, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { digits, table } from "../../bench/table.ts"
import type { Cluster } from "./cluster.ts"
import { type Customers, type Served, usualPatience } from "./customers.ts"
import { order } from "./one-request.ts"
import { providerLog } from "./provider-log.ts"

/** One thing that must be so. */
export interface Check {
  readonly what: string
  readonly holds: boolean
  /** What was found, for a person. */
  readonly found: string
}

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
}

const TERMINAL_SECONDS_MAX = 30
/** After this nobody waits any longer. */
const WAIT_LIMIT = "90 seconds"
const ACKNOWLEDGED_SHARE_MIN = 0.95
/** So many keys are asked once more, evenly spread. */
const KEYS_ASKED_AGAIN = 150
const ASKED_AT_ONCE = 16
/** What a cell of the table shows of what was found, and what is told of it at all. */
const FOUND_SHORT = 40
const FOUND_MAX = 2_000

const check = (what: string, holds: boolean, found: unknown): Check => ({
  what,
  holds,
  found: typeof found === "string" ? found : JSON.stringify(found).slice(0, FOUND_MAX)
})

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
const untilAllRest = (sql: SqlClient.SqlClient, since: number) =>
  sql`SELECT FROM ledger.all_entries WHERE id IN (SELECT order_id FROM ledger.due) AND parked_at IS NULL LIMIT 1`.pipe(
    Effect.repeat({ until: (rows) => rows.length === 0, schedule: Schedule.spaced("50 millis") }),
    Effect.map(() => (performance.now() - since) / 1000),
    Effect.timeoutOption(WAIT_LIMIT),
    Effect.map(Option.getOrUndefined)
  )

const tallied = (words: ReadonlyArray<string>) => tally(words.map((status) => ({ status })))

const acknowledgedAreKnown = Effect.fnUntraced(function*(served: Served) {
  const sql = yield* SqlClient.SqlClient
  const ids = served.acknowledged.map(({ answer }) => answer.id!)
  const lost = yield* sql<{ id: string }>`
    SELECT id FROM unnest(${ids}::uuid[]) AS known (id) WHERE id NOT IN (SELECT id FROM ledger.all_entries) LIMIT 5`
  return check("every acknowledged order is in the ledger", lost.length === 0, lost.length === 0 ? ids.length : lost)
})

const sameAnswersAgain = (cluster: Cluster, served: Served) =>
  Effect.gen(function*() {
    const answered = served.sent.filter(({ answer }) => answer !== undefined)
    const every = Math.max(1, Math.ceil(answered.length / KEYS_ASKED_AGAIN))
    const asked = answered.filter((_, n) => n % every === 0)
    const others = yield* Effect.forEach(asked, ({ answer, body, key }) =>
      Effect.map(
        Effect.promise(() => order(cluster.edge, key, body, usualPatience)),
        (again) =>
          again.answer?.text === answer!.text && again.answer.status === answer!.status
            ? []
            : [{ first: answer, again: again.answer }]
      ), { concurrency: ASKED_AT_ONCE })
    const different = others.flat()
    return check("the same key again gives the same answer", different.length === 0, different[0] ?? asked.length)
  })

const moneyAtTheProvider = (cluster: Cluster, parked: number) =>
  Effect.gen(function*() {
    const { strangers, wrong } = yield* compareWithProvider(cluster.simulator)
    const captured = new Map<string, number>()
    for (const { effect, reference } of yield* providerLog(cluster.simulator)) {
      if (effect === "captured") captured.set(reference!, (captured.get(reference!) ?? 0) + 1)
    }
    const twice = [...captured].filter(([, times]) => times > 1)
    const { held_cents } = yield* simulatorControl(cluster.simulator).totals
    return [
      check(
        "the provider's books say what ours say",
        wrong.length + strangers.length === 0,
        wrong.length + strangers.length === 0 ? "they do" : { wrong, strangers }
      ),
      check("captures an order", twice.length === 0, twice.length === 0 ? "at most 1" : twice),
      check("money held for nobody, in cents", held_cents === 0 || parked > 0, `${held_cents}`)
    ]
  })

/**
 * Ends a storm: takes all faults away, waits until customers have their answers and orders their ends, and judges.
 * Customers must have been told to stop before.
 */
export const verdict = (
  cluster: Cluster,
  customers: Pick<Customers, "served">,
  { parked_allowed = false }: VerdictOptions = {}
): Effect.Effect<Verdict> =>
  Effect.gen(function*() {
    const sql = cluster.sql
    const since = performance.now()
    yield* healed(cluster)
    const served = yield* customers.served
    const seconds = yield* untilAllRest(sql, since)
    const ids = served.acknowledged.map(({ answer }) => answer.id!)
    const ends = yield* sql<{ status: string; reason: string | null; parked_reason: string | null }>`
      SELECT status, reason, parked_reason FROM ledger.all_entries WHERE id = ANY (${ids}::uuid[])`
    const counts = tally(ends)
    const parkedFor = ends.flatMap(({ parked_reason }) => parked_reason ?? [])
    const parked = parkedFor.length
    const broken = yield* judge()
    const wanted = served.sent.length - served.refused
    const share = wanted === 0 ? 0 : served.acknowledged.length / wanted
    const checks = [
      check(
        `all orders have ended within ${TERMINAL_SECONDS_MAX} s of healing`,
        seconds !== undefined && seconds <= TERMINAL_SECONDS_MAX,
        seconds === undefined ? `not within ${WAIT_LIMIT}` : `${digits(seconds)} s`
      ),
      check("parked orders", parked === 0 || parked_allowed, parked === 0 ? "none" : tallied(parkedFor)),
      yield* acknowledgedAreKnown(served),
      check(
        "of the orders that were not refused, acknowledged",
        share >= ACKNOWLEDGED_SHARE_MIN,
        `${digits(share * 100)} %`
      ),
      check("the judge's invariants", broken.length === 0, broken.length === 0 ? "all hold" : broken),
      ...(yield* moneyAtTheProvider(cluster, parked)),
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
