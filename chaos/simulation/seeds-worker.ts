// A process that runs a range of seeds and tells what it saw.
import { Hits } from "./hits.ts"
import { type History, simulate } from "./simulate.ts"

/** Both ends are part of it. */
export interface Range {
  readonly from: number
  readonly to: number
}

export interface Told {
  readonly traces: ReadonlyArray<string>
  readonly hits: ReadonlyArray<readonly [string, number]>
  readonly ends: Readonly<Record<string, number>>
  readonly fenced: number
  readonly rest_millis_max: number
  readonly bad: ReadonlyArray<Omit<History, "hits">>
}

/** More bad histories than this are not told: something is very wrong. */
const BAD_MAX = 5

const run = ({ from, to }: Range): Told => {
  const hits = new Hits()
  const ends: Record<string, number> = {}
  const traces: Array<string> = []
  const bad: Array<Omit<History, "hits">> = []
  let fenced = 0
  let rest_millis_max = 0
  for (let seed = from; seed <= to && bad.length < BAD_MAX; seed++) {
    const { hits: hit, ...history } = simulate(seed)
    hits.add(hit.counts)
    traces.push(history.trace_hash)
    fenced += history.fenced
    rest_millis_max = Math.max(rest_millis_max, history.rest_millis)
    for (const [status, count] of Object.entries(history.ends)) ends[status] = (ends[status] ?? 0) + count
    if (history.violations.length > 0) bad.push(history)
  }
  return { traces, hits: [...hits.counts], ends, fenced, rest_millis_max, bad }
}

process.once("message", (range: Range) => process.send!(run(range), () => process.disconnect()))
