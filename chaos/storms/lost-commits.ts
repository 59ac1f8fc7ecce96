import { Effect } from "effect"
import { serviceNames } from "../cluster/links.ts"
import { until } from "./passing-time.ts"
import type { Ground, Storm } from "./storm.ts"

const LOST = { short: 50, full: 500 } as const
/** Of the commits on a link, so many: the services that commit rarely lose more of theirs. */
const SHARES = { orders: 0.2, inventory: 0.2, payment: 0.12, "edge-api": 0.12, orchestrator: 0.15 } as const

const swallowedBy = (cluster: Ground["cluster"], name: (typeof serviceNames)[number]) =>
  Effect.map(
    cluster.link(`${name}->postgres`).hits,
    (hits) => hits.filter(({ fault }) => fault === "swallow").reduce((sum, { count }) => sum + count, 0)
  )

/** What was committed stays committed, and nobody hears of it: FoundationDB calls it an unknown commit result. */
export const lostCommits: Storm = {
  name: "lost-commits",
  says: "500 answers to a COMMIT, or to a statement that commits by itself, are lost, over all five services",
  blow: ({ cluster, customers, scale }) =>
    Effect.gen(function*() {
      const crowd = yield* customers()
      const before = yield* Effect.forEach(serviceNames, (name) => swallowedBy(cluster, name))
      const lost = Effect.map(
        Effect.forEach(serviceNames, (name) => swallowedBy(cluster, name)),
        (now) => now.map((count, i) => count - before[i]!)
      )
      for (const name of serviceNames) yield* cluster.link(`${name}->postgres`).suffer({ swallow: SHARES[name] })
      const isEnough = (counts: ReadonlyArray<number>) =>
        counts.reduce((sum, count) => sum + count, 0) >= LOST[scale] && counts.every((count) => count > 0)
      yield* until("enough lost commits", Effect.map(lost, isEnough), "240 seconds")
      for (const name of serviceNames) yield* cluster.link(`${name}->postgres`).suffer({})
      const counts = yield* lost
      return {
        customers: crowd,
        injected: Object.fromEntries(serviceNames.map((name, i) => [`commits lost by ${name}`, counts[i]!]))
      }
    })
}
