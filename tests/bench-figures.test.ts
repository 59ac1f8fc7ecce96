import { assert, describe, it } from "@effect/vitest"
import { WrongArguments } from "@surety/testkit/command-line"
import { parseArguments } from "../bench/arguments.ts"
import { goalsOf } from "../bench/goals.ts"
import { workloadNames } from "../bench/names.ts"
import { percentile, percentiles } from "../bench/percentiles.ts"
import type { Figures } from "../bench/run-load.ts"
import { statementsIn } from "../bench/statement-log.ts"
import { digits, table } from "../bench/table.ts"

describe("percentiles", () => {
  it("are values that were measured, by nearest rank, whatever the order", () => {
    const hundred = Array.from({ length: 100 }, (_, i) => (i * 37) % 100 + 1)
    assert.deepStrictEqual(percentiles(hundred), { p50: 50, p95: 95, p99: 99 })
    assert.strictEqual(percentile([7], 0.99), 7)
    assert.strictEqual(percentile([1, 2], 0.5), 1)
  })

  it("of nothing are not a number, and are shown as a dash", () => {
    assert.isNaN(percentiles([]).p95)
    assert.strictEqual(digits(percentiles([]).p95), "–")
  })
})

describe("a table of figures", () => {
  it("keeps its columns straight, names to the left and numbers to the right", () => {
    assert.strictEqual(
      table(["", "a"], [["orders/s", digits(1234.5)], ["ms", digits(0.256)]]),
      "              a\n────────  ─────\norders/s  1,235\nms         0.26"
    )
  })
})

describe("the command line", () => {
  it("without words means all workloads and nothing else", () => {
    const wish = parseArguments([])
    assert.deepStrictEqual(wish.workloads, workloadNames)
    assert.deepStrictEqual(wish.growth, [])
    assert.isFalse(wish.limit || wish.compare)
  })

  it("does only what it names", () => {
    assert.deepStrictEqual(parseArguments(["hot", "uniform"]).workloads, ["uniform", "hot"])
    assert.deepStrictEqual(parseArguments(["--limit"]).workloads, [])
    const growth = parseArguments(["growth", "idle", "--hold", "60"])
    assert.deepStrictEqual([growth.workloads, growth.growth, growth.hold_seconds], [[], ["idle"], 60])
  })

  it.each([["unifrom"], ["growth", "idel"], ["--seconds", "0"], ["--rate", "many"], ["--fast"]])(
    "says what is wrong with %s %s",
    (...words) => {
      assert.throws(() => parseArguments(words), WrongArguments)
    }
  )
})

describe("the server's log", () => {
  it("tells each executed statement with its time, and none that was only parsed or bound", () => {
    const log = [
      "2026-01-02 03:04:05.678 UTC [77] LOG:  duration: 0.101 ms  parse <unnamed>: SELECT 1",
      "2026-01-02 03:04:05.679 UTC [77] LOG:  duration: 12.500 ms  execute s1: \n\tWITH free AS (\n\t  SELECT 1)",
      "2026-01-02 03:04:05.680 UTC [77] DETAIL:  parameters: $1 = '64'",
      "2026-01-02 03:04:06.000 UTC [78] LOG:  duration: 3.000 ms  statement: CHECKPOINT",
      ""
    ].join("\n")
    assert.deepStrictEqual(
      statementsIn(log).map(({ at, millis, text }) => [new Date(at).toISOString(), millis, text.split("\n")[0]]),
      [["2026-01-02T03:04:05.679Z", 12.5, "WITH free AS ("], ["2026-01-02T03:04:06.000Z", 3, "CHECKPOINT"]]
    )
  })
})

const load = (name: string, perSecond: number, p95: number): Figures => ({
  workload: "uniform",
  load: name,
  accepted: 10,
  completed: 10,
  ended_otherwise: 0,
  orders: 10,
  answers: {},
  accepted_per_second: perSecond,
  completed_per_second: perSecond,
  ended_per_second: perSecond,
  accept_millis: { p50: 1, p95, p99: p95 },
  completed_millis: { p50: 1, p95, p99: p95 },
  cpu_seconds: {},
  foreign_cores: 0,
  bill: {
    statements: 1,
    commits: 1.5,
    commits_written: 1,
    wal_bytes: 4_100,
    fpi_bytes: 0,
    hot_share: { "ledger.entries": 0.97 }
  }
})

describe("the goals", () => {
  it("are told for what was measured in this run, each met or not by its own figure", () => {
    const goals = goalsOf([load("full load", 600, 900), load("half load, 300/s due", 300, 26)], [
      { ...load("", 1_000, 0), name: "limit", kind: "limit" },
      { ...load("", 150, 0), name: "queue", kind: "peer" },
      { ...load("", 250, 0), name: "workflows", kind: "peer" }
    ])
    assert.deepStrictEqual(goals.map(({ met, says, value }) => [says, value, met]), [
      ["uniform to the limit ≥ 0.5", "0.60", true],
      ["uniform to the best peer (workflows) ≥ 3", "2.40", false],
      ["uniform, half load: accept p95, ms ≤ 25", "26.0", false],
      ["uniform, half load: to COMPLETED p95, ms ≤ 250", "26.0", true],
      ["uniform, full load: commits an order ≤ 2", "1.50", true],
      ["uniform, full load: WAL bytes an order ≤ 4,000", "4,100", false],
      ["uniform, full load: saga updates that are HOT ≥ 80.0 %", "97.0 %", true]
    ])
    assert.deepStrictEqual(goalsOf([], []), [])
  })
})
