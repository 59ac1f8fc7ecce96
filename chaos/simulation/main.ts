// Deterministic simulation: `npm run simulate -- --seeds 1..2000 --jobs 2`; one seed alone tells its whole plan.
import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"
import { cellLines, emptyCells, SEEDS_FOR_ALL_CELLS } from "./cells.ts"
import { runSeeds } from "./run-seeds.ts"
import { simulate } from "./simulate.ts"

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: `1..${SEEDS_FOR_ALL_CELLS}` },
    jobs: { type: "string", default: `${availableParallelism()}` }
  }
})
const [first = Number.NaN, last = first] = values.seeds.split("..").map(Number)
if (!(first >= 0 && last >= first)) throw new Error(`--seeds 1..2000, not ${values.seeds}`)

const explain = ({ last_lines, plan, seed, trace_hash, violations }: Omit<ReturnType<typeof simulate>, "hits">) => {
  console.log(`seed ${seed}, trace ${trace_hash}; once more: npm run simulate -- --seeds ${seed}`)
  console.log(JSON.stringify(plan))
  for (const line of last_lines) console.log(`  ${line}`)
  for (const violation of violations) console.log(`BROKEN ${violation}`)
}

if (first === last) {
  const { hits, ...history } = simulate(first)
  explain(history)
  for (const [cell, times] of hits.counts) console.log(`${times} ${cell}`)
  process.exitCode = history.violations.length === 0 ? 0 : 1
} else {
  const summary = await runSeeds(first, last, Math.max(1, Number(values.jobs)))
  for (const history of summary.bad) explain(history)
  for (const line of cellLines(summary.hits)) console.log(line)
  const empty = emptyCells(summary.hits)
  const { bad, ends, fenced, histories, rest_millis_max, trace_hash } = summary
  console.log(`${histories} histories from ${values.seeds}, ${JSON.stringify(ends)}; traces ${trace_hash}`)
  console.log(`${fenced} late records refused by their fences; at rest at most ${rest_millis_max} ms after the trouble`)
  if (empty.length > 0) console.log(`never hit: ${empty.join(", ")}`)
  console.log(bad.length === 0 ? "no history was bad" : `${bad.length} histories were bad, at least`)
  process.exitCode = bad.length > 0 || (empty.length > 0 && histories >= SEEDS_FOR_ALL_CELLS) ? 1 : 0
}
