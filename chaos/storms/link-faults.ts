import { seededRandom } from "@surety/platform/seeded-random"
import { type Exchange, type Fault, faults, type LinkProxy } from "@surety/testkit/link-proxy"
import { Effect, Schedule } from "effect"
import { catalogue } from "../../bench/catalogue.ts"
import { table } from "../../bench/table.ts"
import { type LinkName, linkNames } from "../cluster/links.ts"
import { orderOf } from "../cluster/mixed-orders.ts"
import type { Check } from "../cluster/verdict-checks.ts"
import { allCells, ANY, type Cell, cellsOf, elsewhere, keyOf, missing } from "./fault-cells.ts"
import type { Ground, Scale, Storm } from "./storm.ts"

/** How often each cell is to be hit. */
const TIMES = { short: 1, full: 5 } as const
/**
 * So long a fault waits for its steps to be asked for. Others stand still meanwhile: five blackholes on the way to PostgreSQL
 * alone take the silence that a service puts up with, 8 s, five times.
 */
const FAULT_LIMIT = "2 minutes"

/** Orders that lead everywhere: many are undone, and some leave their authorization or their capture open. */
const everywhere: ReadonlyArray<readonly [share: number, wish: Parameters<typeof orderOf>[1]]> = [
  [0.2, { products: [catalogue.soldOut] }],
  [0.2, { token: "tok_capture_refused" }],
  [0.08, { token: "tok_authorize_reset_after" }],
  [0.05, { token: "tok_authorize_burnt" }],
  [0.07, { token: "tok_capture_burnt" }]
]

const ordersEverywhere = (seed: number) => {
  const random = seededRandom(seed)
  return (n: number) => {
    let place = random()
    const wish = everywhere.find(([share]) => (place -= share) < 0)?.[1]
    return orderOf(n, wish)
  }
}

/** How often each cell was hit. */
type Hits = Map<string, number>

const hitsAt = (hits: Hits, cell: Cell) => hits.get(keyOf(cell)) ?? 0

/** Connections are refused whatever they are for, until there were enough of them. */
const refuse = (proxy: LinkProxy, cell: Cell, times: number, hits: Hits) =>
  Effect.gen(function*() {
    const refused = Effect.map(proxy.hits, (seen) => seen.find(({ fault }) => fault === "refuse")?.count ?? 0)
    const before = yield* refused
    yield* proxy.suffer({ refuse: 1 })
    yield* untilOrLate(Effect.map(refused, (now) => now - before >= times))
    hits.set(keyOf(cell), (yield* refused) - before)
  })

/** Each step of a link suffers a fault as often as wanted, and no more: what is always under fire gets nowhere. */
const sufferAtSteps = (
  proxy: LinkProxy,
  fault: Exclude<Fault, "refuse">,
  cells: ReadonlyArray<Cell>,
  times: number,
  hits: Hits
) =>
  Effect.gen(function*() {
    const isMissed = (cell: Cell) => hitsAt(hits, cell) < times
    // The proxy asks this when it is going to do it.
    const only = ({ what }: Exchange) => {
      const due = cells.some((cell) => (cell.step === what || cell.step === ANY) && isMissed(cell))
      for (const cell of due ? cells : []) {
        if (cell.step === what || cell.step === ANY) hits.set(keyOf(cell), hitsAt(hits, cell) + 1)
      }
      return due
    }
    yield* proxy.suffer({ [fault]: 1 }, { only })
    yield* untilOrLate(Effect.sync(() => !cells.some(isMissed)))
  })

/** What does not come in time leaves an empty cell, and that is told in the end. */
const untilOrLate = (isSo: Effect.Effect<boolean>) =>
  isSo.pipe(
    Effect.repeat({ until: (so) => so, schedule: Schedule.spaced("20 millis") }),
    Effect.timeoutOption(FAULT_LIMIT)
  )

/** One link suffers all faults, one after the other, beginning with another one than its neighbours. */
const sufferAll = (proxy: LinkProxy, scale: Scale, hits: Hits) => {
  const link = proxy.name as LinkName
  const first = linkNames.indexOf(link) % faults.length
  return Effect.forEach([...faults.slice(first), ...faults.slice(0, first)], (fault) => {
    const cells = cellsOf(link, fault, scale).filter((cell) => missing(cell) === undefined)
    return Effect.andThen(
      fault === "refuse"
        ? refuse(proxy, cells[0]!, TIMES[scale], hits)
        : sufferAtSteps(proxy, fault, cells, TIMES[scale], hits),
      proxy.suffer({})
    )
  }, { discard: true })
}

const hitsTable = (hits: Hits, scale: Scale) => {
  const rows = new Map<string, Array<string>>()
  for (const cell of allCells(scale)) {
    const name = cell.step === ANY ? cell.link : `  ${cell.step}`
    const key = `${cell.link} ${cell.step}`
    const row = rows.get(key) ?? [name]
    row.push(missing(cell) === undefined ? `${hitsAt(hits, cell)}` : "–")
    rows.set(key, row)
  }
  return table(["", ...faults], [...rows.values()])
}

const noCellIsEmpty = (hits: Hits, scale: Scale): Check => {
  const cells = allCells(scale).filter((cell) => missing(cell) === undefined)
  const empty = cells.filter((cell) => hitsAt(hits, cell) === 0)
  const found = empty.length === 0 ? `${cells.length} cells hit` : `never: ${empty.map(keyOf).join("; ")}`
  return { what: "every fault was suffered at every step of every link", holds: empty.length === 0, found }
}

/** Networks do what they like, everywhere at once. */
export const linkFaults: Storm = {
  name: "link-faults",
  says: "each of twelve links suffers each of eleven faults at each step, all links at once",
  blow: ({ cluster, customers, scale, seed }: Ground) =>
    Effect.gen(function*() {
      const crowd = yield* customers({
        order: ordersEverywhere(seed),
        pace: { at_once: 16 },
        patience: { answer_seconds: 3 }
      })
      const hits: Hits = new Map()
      yield* Effect.forEach(cluster.links, (proxy) => sufferAll(proxy, scale, hits), {
        concurrency: "unbounded",
        discard: true
      })
      const injected = Object.fromEntries(
        faults.map((fault) => [
          fault,
          allCells(scale).filter((cell) => cell.fault === fault && cell.step === ANY)
            .reduce((sum, cell) => sum + hitsAt(hits, cell), 0)
        ])
      )
      const reasons = new Set(
        allCells(scale).flatMap((cell) => {
          const reason = missing(cell)
          return reason === undefined ? [] : [`– ${cell.fault}: ${reason}`]
        })
      )
      return {
        customers: crowd,
        injected,
        checks: [noCellIsEmpty(hits, scale)],
        tells: [hitsTable(hits, scale), "", ...reasons, ...elsewhere.map((what) => `not here: ${what}`)].join("\n")
      }
    })
}
