import { compareWithProvider } from "@surety/testkit/compare-with-provider"
import { judge } from "@surety/testkit/judge"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Cluster } from "../cluster/cluster.ts"

/** Looks at the books of a cluster again and again; what is wrong for good is told once, when it is first seen. */
export const bookkeeper = ({ simulator, sql }: Cluster) => {
  const told = new Set<string>()
  const look = Effect.gen(function*() {
    const broken = yield* judge()
    const { strangers, wrong } = yield* compareWithProvider(simulator)
    return [
      ...broken.map((violation) => ({ of: violation.invariant, what: violation })),
      ...wrong.map((entry) => ({ of: entry.id, what: { not_what_the_provider_did: entry } })),
      ...strangers.map((payment) => ({ of: payment.reference, what: { paid_by_nobody_we_know: payment } }))
    ]
  }).pipe(Effect.provideService(SqlClient.SqlClient, sql), Effect.orDie)
  return Effect.map(look, (found) =>
    found.filter(({ of }) => !told.has(of)).map(({ of, what }) => {
      told.add(of)
      return JSON.stringify(what)
    }))
}
