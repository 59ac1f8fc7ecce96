import { simulatorControl } from "@surety/provider-simulator/control-client"
import { compareWithProvider } from "@surety/testkit/compare-with-provider"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Cluster } from "./cluster.ts"
import { type Served, usualPatience } from "./customers.ts"
import { order } from "./one-request.ts"
import { providerLog } from "./provider-log.ts"

/** One thing that must be so. */
export interface Check {
  readonly what: string
  readonly holds: boolean
  /** What was found, for a person. */
  readonly found: string
}

/** So many keys are asked once more, evenly spread. */
const KEYS_ASKED_AGAIN = 150
const ASKED_AT_ONCE = 16
/** So much of what was found is told. */
const FOUND_MAX = 2_000

export const check = (what: string, holds: boolean, found: unknown): Check => ({
  what,
  holds,
  found: typeof found === "string" ? found : JSON.stringify(found).slice(0, FOUND_MAX)
})

/** What was promised was written down. */
export const acknowledgedAreKnown = Effect.fnUntraced(function*(served: Served) {
  const sql = yield* SqlClient.SqlClient
  const ids = served.acknowledged.map(({ answer }) => answer.id!)
  const lost = yield* sql<{ id: string }>`
    SELECT id FROM unnest(${ids}::uuid[]) AS known (id) WHERE id NOT IN (SELECT id FROM ledger.all_entries) LIMIT 5`
  return check("every acknowledged order is in the ledger", lost.length === 0, lost.length === 0 ? ids.length : lost)
})

/** The first answer is the answer. */
export const sameAnswersAgain = (cluster: Cluster, served: Served) =>
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

/** What the provider really did, against what our books say of it. */
export const moneyAtTheProvider = (cluster: Cluster) =>
  Effect.gen(function*() {
    const { strangers, wrong } = yield* compareWithProvider(cluster.simulator)
    const captured = new Map<string, number>()
    for (const { effect, reference } of yield* providerLog(cluster.simulator)) {
      if (effect === "captured") captured.set(reference!, (captured.get(reference!) ?? 0) + 1)
    }
    const twice = [...captured].filter(([, times]) => times > 1)
    const { held_cents } = yield* simulatorControl(cluster.simulator).totals
    const sql = yield* SqlClient.SqlClient
    const [row] = yield* sql<{ cents: number }>`
      SELECT coalesce(sum(amount_cents), 0)::float8 AS cents FROM payment.payments p
      WHERE status IN ('AUTHORIZED', 'CAPTURE_REFUSED') AND EXISTS (
        SELECT FROM ledger.all_entries e WHERE e.id = p.reference AND e.parked_at IS NOT NULL)`
    const orphaned = held_cents - row!.cents
    const agree = wrong.length + strangers.length === 0
    return [
      check("the provider's books say what ours say", agree, agree ? "they do" : { wrong, strangers }),
      check("captures an order", twice.length === 0, twice.length === 0 ? "at most 1" : twice),
      check("money held for nobody, in cents", orphaned === 0, `${orphaned}`)
    ]
  })
