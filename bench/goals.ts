import type { PeerFigures } from "./limit.ts"
import { FULL_LOAD, HALF_LOAD, type WorkloadName } from "./names.ts"
import type { Figures } from "./run-load.ts"
import { digits, percent, table } from "./table.ts"

/** A goal that this run has the figures for. */
export interface Goal {
  readonly says: string
  readonly value: string
  readonly met: boolean
}

const atLeast = (says: string, value: number, floor: number): Goal => ({
  says: `${says} ≥ ${floor}`,
  value: digits(value),
  met: value >= floor
})
const atMost = (says: string, value: number, ceiling: number): Goal => ({
  says: `${says} ≤ ${ceiling.toLocaleString("en-US")}`,
  value: digits(value),
  met: value <= ceiling
})

const LIMIT_SHARE = 0.5
const BEST_PEER_TIMES = 3
const HOT_PRODUCT_SHARE = 0.9
const ACCEPT_P95_MILLIS = 25
const COMPLETED_P95_MILLIS = 250
const COMMITS = 2
const WAL_BYTES = 4_000
const HOT_UPDATES = 0.8

const ratioGoals = (full: Figures, peers: ReadonlyArray<PeerFigures>): ReadonlyArray<Goal> => {
  const limits = peers.filter(({ kind }) => kind === "limit")
  const others = peers.filter(({ kind }) => kind === "peer")
  const best = others.toSorted((a, b) => b.completed_per_second - a.completed_per_second)[0]
  const toThat = (peer: PeerFigures) => full.completed_per_second / peer.completed_per_second
  return [
    ...limits.map((limit) => atLeast(`uniform to the ${limit.name}`, toThat(limit), LIMIT_SHARE)),
    ...(best === undefined
      ? []
      : [atLeast(`uniform to the best peer (${best.name})`, toThat(best), BEST_PEER_TIMES)])
  ]
}

const fullGoals = ({ bill }: Figures): ReadonlyArray<Goal> => {
  const updates = bill.hot_share["ledger.entries"] ?? Number.NaN
  return [
    atMost("uniform, full load: commits an order", bill.commits, COMMITS),
    atMost("uniform, full load: WAL bytes an order", bill.wal_bytes, WAL_BYTES),
    {
      says: `uniform, full load: saga updates that are HOT ≥ ${percent(HOT_UPDATES)}`,
      value: percent(updates),
      met: updates >= HOT_UPDATES
    }
  ]
}

const halfGoals = (half: Figures): ReadonlyArray<Goal> => [
  atMost("uniform, half load: accept p95, ms", half.accept_millis.p95, ACCEPT_P95_MILLIS),
  atMost("uniform, half load: to COMPLETED p95, ms", half.completed_millis.p95, COMPLETED_P95_MILLIS)
]

/** The goals that can be told from what was measured, in one run on one machine. */
export const goalsOf = (loads: ReadonlyArray<Figures>, peers: ReadonlyArray<PeerFigures>): ReadonlyArray<Goal> => {
  const find = (workload: WorkloadName, name: string) =>
    loads.find((figures) => figures.workload === workload && figures.load.startsWith(name))
  const full = find("uniform", FULL_LOAD)
  const half = find("uniform", HALF_LOAD)
  const hot = find("hot", FULL_LOAD)
  return [
    ...(full === undefined ? [] : ratioGoals(full, peers)),
    ...(full === undefined || hot === undefined
      ? []
      : [atLeast("hot to uniform", hot.completed_per_second / full.completed_per_second, HOT_PRODUCT_SHARE)]),
    ...(half === undefined ? [] : halfGoals(half)),
    ...(full === undefined ? [] : fullGoals(full))
  ]
}

export const goalsTable = (goals: ReadonlyArray<Goal>): string =>
  table(["goal", "value", ""], goals.map(({ met, says, value }) => [says, value, met ? "met" : "NOT met"]))
