import { seededRandom } from "@surety/platform/seeded-random"
import { Effect } from "effect"
import { cluster } from "../cluster/cluster.ts"
import { customers } from "../cluster/customers.ts"
import { mixedOrders } from "../cluster/mixed-orders.ts"
import { privatePostgres, stockedDatabase } from "../cluster/private-postgres.ts"
import type { Check } from "../cluster/verdict-checks.ts"
import { verdict } from "../cluster/verdict.ts"
import type { Ground, Scale, Storm, Weathered } from "./storm.ts"

export interface Wish {
  readonly scale: Scale
  readonly seed: number
  readonly seconds?: number | undefined
}

/** Short storms leave the machine time to start what they have killed; in long ones it has none to spare. */
const PACE = { short: { a_second: 20 }, full: { at_once: 24 } } as const
const USUAL_SECONDS = { short: 5, full: 60 } as const

const secondsOf = (storm: Storm, { scale, seconds }: Wish) => seconds ?? (storm.seconds ?? USUAL_SECONDS)[scale]

const injectedAll = (injected: Readonly<Record<string, number>>): Check => {
  const none = Object.entries(injected).flatMap(([fault, times]) => times > 0 ? [] : [fault])
  const sum = Object.values(injected).reduce((total, times) => total + times, 0)
  const what = "every fault of the storm was really injected"
  return none.length === 0 && sum > 0
    ? { what, holds: true, found: `${sum}` }
    : { what, holds: false, found: `never: ${none.join(", ")}` }
}

/** Lets a storm loose on a running cluster, and judges what is left. */
export const weather = Effect.fnUntraced(function*(
  storm: Storm,
  wish: Wish,
  { cluster, home, postgres }: Pick<Ground, "cluster" | "postgres" | "home">
) {
  const { scale, seed } = wish
  const ground: Ground = {
    cluster,
    postgres,
    home,
    seed,
    random: seededRandom(seed),
    scale,
    seconds: secondsOf(storm, wish),
    customers: (different) =>
      customers({
        edge: cluster.edge,
        order: mixedOrders(seed),
        pace: PACE[scale],
        ...different
      })
  }
  const begun = performance.now()
  const blown = yield* storm.blow(ground)
  yield* blown.customers.stop
  const found = yield* verdict(cluster, blown.customers, { parked_allowed: storm.parked_allowed ?? false })
  yield* Effect.forEach(Object.values(cluster.nodes), ({ restore }) => restore, {
    concurrency: "unbounded",
    discard: true
  })
  const afterwards = blown.afterwards === undefined ? [] : yield* blown.afterwards
  const checks = [injectedAll(blown.injected), ...(blown.checks ?? []), ...afterwards, ...found.checks]
  return {
    ...found,
    storm: storm.name,
    scale,
    seed,
    injected: blown.injected,
    seconds: (performance.now() - begun) / 1000,
    tells: blown.tells,
    checks,
    holds: checks.every(({ holds }) => holds)
  } satisfies Weathered
}, Effect.scoped)

/** What a storm can be let loose on. */
export const groundWith = Effect.fnUntraced(function*(seed: number, home?: string) {
  const postgres = yield* privatePostgres(home)
  const database = yield* stockedDatabase(postgres)
  return { cluster: yield* cluster({ database, seed }), postgres, home }
})

/** A storm with a PostgreSQL, a database and a cluster of its own; or why this machine cannot have it. */
export const weatherAlone = Effect.fnUntraced(function*(storm: Storm, wish: Wish) {
  const home = storm.home === undefined ? undefined : yield* storm.home
  if (home !== undefined && "skipped" in home) return home
  return yield* weather(storm, wish, yield* groundWith(wish.seed, home?.folder))
}, Effect.scoped)
