import { Effect } from "effect"
import { type Customers, together } from "../cluster/customers.ts"
import type { LinkName } from "../cluster/links.ts"
import { orderOf } from "../cluster/mixed-orders.ts"
import type { Node } from "../cluster/node.ts"
import { until } from "./passing-time.ts"
import { briefLeases, type Moment, type Paused, pauseHolding } from "./paused-worker.ts"
import type { Ground, Storm } from "./storm.ts"

const asking = (on: LinkName, path: string): Moment => ({ on, match: ({ what }) => what.includes(path) })

/** Where an orchestrator is paused: it has asked for this, it was done, and the answer is on its way to it. */
const MOMENTS: ReadonlyArray<Moment> = [
  asking("orchestrator->payment", "/payments/captures/"),
  asking("orchestrator->orders", "/orders/batch"),
  asking("orchestrator->inventory", "/reservations/batch"),
  asking("orchestrator->inventory", "/commitments/"),
  asking("orchestrator->orders", "/cancellations/")
]
/** A name of the good token that only customers of the edge to be paused use, so that its requests can be told. */
const ITS_TOKEN = "tok_visa"
const ROUNDS = { short: 1, full: 10 } as const
const EDGE_ROUNDS = { short: 1, full: 4 } as const
const FENCED = "\"saga.fenced\""

interface Counts {
  pauses: number
  fenced: number
  stale: number
  taken: number
}

/** Resumes a paused worker, waits until it has run into the fence, and counts. */
const comeBack = (counts: Counts, { staleWrites, taken }: Paused, worker: Node, fenced: Effect.Effect<number>) =>
  Effect.gen(function*() {
    const before = yield* fenced
    yield* worker.resume
    yield* until("the fence", Effect.map(fenced, (now) => now > before))
    counts.pauses += 1
    counts.fenced += (yield* fenced) - before
    counts.taken += taken.length
    counts.stale += (yield* staleWrites).length
  })

/** Two orchestrators of which one at a time is paused while it holds orders; the other takes over. */
const orchestratorPauses = Effect.fnUntraced(function*({ cluster, scale }: Ground) {
  yield* cluster.nodes.orchestrator.terminate
  const workers = yield* Effect.forEach(
    ["one", "other"],
    (name) => cluster.another("orchestrator", { name: `the ${name} orchestrator`, environment: briefLeases })
  )
  yield* Effect.forEach(workers, ({ start }) => start, { concurrency: 2, discard: true })
  const counts: Counts = { pauses: 0, fenced: 0, stale: 0, taken: 0 }
  for (let round = 0; round < ROUNDS[scale]; round += 1) {
    const [worker, other] = round % 2 === 0 ? [workers[0]!, workers[1]!] : [workers[1]!, workers[0]!]
    // Alone, so that the request which is waited for is this worker's.
    yield* other.pause
    const paused = yield* pauseHolding(cluster, worker, MOMENTS[round % MOMENTS.length]!, other.resume)
    yield* comeBack(counts, paused, worker, Effect.sync(() => worker.count(FENCED)))
  }
  yield* Effect.forEach(workers, ({ kill }) => kill, { discard: true })
  yield* cluster.nodes.orchestrator.start
  return counts
})

/** A second edge, paused while it authorizes; the first one's resolver, or a retry at it, settles what it left. */
const edgePauses = Effect.fnUntraced(function*({ cluster, customers, scale }: Ground) {
  const edge = yield* cluster.another("edge-api", { name: "the paused edge", environment: briefLeases })
  yield* edge.start
  const counts: Counts = { pauses: 0, fenced: 0, stale: 0, taken: 0 }
  // What it settles late: the statement that settles, from the first after it is back.
  let late = 0
  const settling = cluster.link("edge-api->postgres")
  const crowds: Array<Customers> = []
  for (let round = 0; round < EDGE_ROUNDS[scale]; round += 1) {
    crowds.push(
      yield* customers({
        edge: edge.url,
        order: (n) => orderOf(n, { token: ITS_TOKEN }),
        orders: 4,
        pace: { at_once: 4 },
        patience: { answer_seconds: 30 }
      })
    )
    const paused = yield* pauseHolding(
      cluster,
      edge,
      { on: "edge-api->payment", match: ({ payload }) => payload.includes(`"${ITS_TOKEN}"`) },
      Effect.void
    )
    const hit = yield* settling.trigger({
      match: ({ payload, text }) => text.includes("response_status") && paused.taken.some((id) => payload.includes(id)),
      moment: "after_reply",
      act: Effect.sync(() => void (late += 1))
    })
    yield* comeBack(counts, paused, edge, Effect.sync(() => late))
    yield* hit
  }
  const crowd = together(crowds)
  yield* crowd.served
  yield* edge.kill
  return { counts, crowd }
})

/** A worker that stops for longer than its lease and comes back believes that it still holds what others have ended. */
export const pauses: Storm = {
  name: "pauses",
  says:
    "an orchestrator, then an edge, is paused (SIGSTOP) for three leases in the middle of a step while another runs",
  blow: (ground) =>
    Effect.gen(function*() {
      // A stream, not a crowd: leases this short do not suit a machine that is busy for seconds with one set.
      const crowd = yield* ground.customers({ pace: { a_second: 5 } })
      const saga = yield* orchestratorPauses(ground)
      const { counts: edge, crowd: atThatEdge } = yield* edgePauses(ground)
      return {
        customers: together([crowd, atThatEdge]),
        injected: {
          "orchestrator paused": saga.pauses,
          "edge paused": edge.pauses,
          "orders taken over from an orchestrator": saga.taken,
          "orders taken over from an edge": edge.taken,
          "late records of an orchestrator fenced out": saga.fenced,
          "late settlements of an edge fenced out": edge.fenced
        },
        checks: [{
          what: "stale writes of a paused worker that counted",
          holds: saga.stale + edge.stale === 0,
          found: `${saga.stale + edge.stale}`
        }]
      }
    })
}
