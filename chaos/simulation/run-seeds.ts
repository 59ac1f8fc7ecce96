import { fork } from "node:child_process"
import { createHash } from "node:crypto"
import { Hits } from "./hits.ts"
import type { Range, Told } from "./seeds-worker.ts"

export interface Summary {
  readonly histories: number
  /** Orders by how they ended. */
  readonly ends: Readonly<Record<string, number>>
  /** Late records that changed nothing. */
  readonly fenced: number
  readonly rest_millis_max: number
  readonly bad: Told["bad"]
  readonly hits: Hits
  /** Over the traces of all histories, in the order of their seeds. */
  readonly trace_hash: string
}

const runWorker = (range: Range): Promise<Told> =>
  new Promise((resolve, reject) => {
    const child = fork(new URL("./seeds-worker.ts", import.meta.url), {
      stdio: ["ignore", "inherit", "inherit", "ipc"]
    })
    let told: Told | undefined
    child.on("message", (message) => {
      told = message as Told
    })
    child.once("exit", (code) => told === undefined ? reject(new Error(`a worker ended with ${code}`)) : resolve(told))
    child.send(range)
  })

/** Runs histories from one seed to another, both of them too, in so many processes. */
export const runSeeds = async (from: number, to: number, jobs: number): Promise<Summary> => {
  const each = Math.ceil((to - from + 1) / jobs)
  const ranges = Array.from({ length: jobs }, (_, i): Range => ({
    from: from + i * each,
    to: Math.min(to, from + (i + 1) * each - 1)
  })).filter((range) => range.from <= range.to)
  const all = await Promise.all(ranges.map(runWorker))
  const hits = new Hits()
  const ends: Record<string, number> = {}
  const hash = createHash("sha256")
  for (const told of all) {
    hits.add(told.hits)
    for (const [status, count] of Object.entries(told.ends)) ends[status] = (ends[status] ?? 0) + count
    for (const trace of told.traces) hash.update(trace)
  }
  return {
    histories: to - from + 1,
    ends,
    fenced: all.reduce((sum, told) => sum + told.fenced, 0),
    rest_millis_max: Math.max(...all.map((told) => told.rest_millis_max)),
    bad: all.flatMap((told) => told.bad),
    hits,
    trace_hash: hash.digest("hex").slice(0, 16)
  }
}
