import type { PeerFigures } from "./limit.ts"
import { type Cost, cpuOf, type StatementTime } from "./meter.ts"
import type { Percentiles } from "./percentiles.ts"
import type { Figures } from "./run-load.ts"
import { digits, percent, table } from "./table.ts"

const threeOf = ({ p50, p95, p99 }: Percentiles) => `${digits(p50)} / ${digits(p95)} / ${digits(p99)}`

const answersOf = (answers: Figures["answers"]) =>
  Object.entries(answers).map(([status, n]) => `${n.toLocaleString("en-US")} × ${status}`).join(", ")

const keysOf = (all: ReadonlyArray<Readonly<Record<string, number>>>) => [...new Set(all.flatMap(Object.keys))]

type Row<Of> = readonly [name: string, cell: (of: Of) => string]

const millis = (seconds: number | undefined) => digits(seconds === undefined ? undefined : seconds * 1000)

const costRows = (all: ReadonlyArray<Cost>): ReadonlyArray<Row<Cost>> => [
  ["CPU ms an order", (c) => millis(cpuOf(c))],
  ...keysOf(all.map((c) => c.cpu_seconds)).map((name): Row<Cost> => [`  ${name}`, (c) => millis(c.cpu_seconds[name])]),
  ["cores busy with other things", (c) => digits(c.foreign_cores)],
  ["statements an order", (c) => digits(c.bill.statements)],
  ["commits an order", (c) => digits(c.bill.commits)],
  ["  that wrote", (c) => digits(c.bill.commits_written)],
  ["WAL bytes an order", (c) => digits(c.bill.wal_bytes)],
  ["  full-page images besides", (c) => digits(c.bill.fpi_bytes)],
  ...keysOf(all.map((c) => c.bill.hot_share)).map((name): Row<Cost> => [
    `HOT ${name}`,
    (c) => percent(c.bill.hot_share[name])
  ])
]

const sideBySide = <Of>(heads: ReadonlyArray<string>, all: ReadonlyArray<Of>, rows: ReadonlyArray<Row<Of>>): string =>
  table(["", ...heads], rows.map(([name, cell]) => [name, ...all.map(cell)]))

/** One workload's loads side by side, a figure a line. */
export const figuresTable = (loads: ReadonlyArray<Figures>): string =>
  sideBySide<Figures>(loads.map(({ load }) => load), loads, [
    ["accepted/s", (f) => digits(f.accepted_per_second)],
    ["completed/s", (f) => digits(f.completed_per_second)],
    ["ended either way/s", (f) => digits(f.ended_per_second)],
    ["accept p50 / p95 / p99, ms", (f) => threeOf(f.accept_millis)],
    ["to COMPLETED p50 / p95 / p99, ms", (f) => threeOf(f.completed_millis)],
    ...costRows(loads),
    ["orders: completed, ended otherwise", (f) => `${f.completed}, ${f.ended_otherwise}`],
    ["answers", (f) => answersOf(f.answers)],
    ["the judge", () => "clean"]
  ])

/** The limit and the peers side by side, and how many times their throughput ours is, where that was measured. */
export const peersTable = (peers: ReadonlyArray<PeerFigures>, ours: number | undefined): string =>
  sideBySide<PeerFigures>(peers.map(({ name }) => name), peers, [
    ["completed/s", (f) => digits(f.completed_per_second)],
    ["Surety, uniform at full load, to it", (f) => digits(ours && ours / f.completed_per_second)],
    ...costRows(peers),
    ["orders", (f) => `${f.completed}`],
    ["the books", () => "clean"]
  ])

export const statementsTable = (statements: ReadonlyArray<StatementTime>): string =>
  table(
    ["statement", "calls", "ms in all", "ms each"],
    statements.map((
      { calls, millis, text }
    ) => [text.trim().slice(0, 90), `${calls}`, digits(millis), digits(millis / calls)])
  )
