import { assert, describe, it } from "vitest"
import { emptyCells, SEEDS_FOR_ALL_CELLS } from "../chaos/simulation/cells.ts"
import { runSeeds } from "../chaos/simulation/run-seeds.ts"
import { simulate } from "../chaos/simulation/simulate.ts"

describe("the simulation", () => {
  it(
    "finds nothing lost, nothing held and nothing done twice in 2,000 histories, in which every fault befell every step",
    {
      timeout: 240_000
    },
    async () => {
      const { bad, ends, fenced, hits } = await runSeeds(1, SEEDS_FOR_ALL_CELLS, 2)
      assert.deepStrictEqual(bad, [])
      assert.deepStrictEqual(emptyCells(hits), [])
      assert.isAbove(fenced, 0)
      for (const end of ["COMPLETED", "FAILED", "AUTHORIZATION_FAILED"]) assert.isAbove(ends[end] ?? 0, 1_000)
    }
  )

  it("tells the same history from the same seed, and another from another", () => {
    const seeds = [1, 2, 3, 4, 5]
    const traces = seeds.map((seed) => simulate(seed).trace_hash)
    assert.deepStrictEqual(seeds.map((seed) => simulate(seed).trace_hash), traces)
    assert.strictEqual(new Set(traces).size, seeds.length)
  })
})
