import { always, judge } from "@surety/testkit/judge"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Wish } from "./arguments.ts"
import { benchDatabase, type BenchServer } from "./bench-server.ts"
import { forked } from "./forked.ts"
import { type Cost, costOfEach, dearestStatements, forgetStatements, measure } from "./meter.ts"
import type { Done, Task } from "./peers/task.ts"
import { Untrustworthy } from "./run-load.ts"
import { statementsTable } from "./show-figures.ts"

/** What somebody else came to with the same steps. */
export interface PeerFigures extends Cost {
  readonly name: string
  readonly kind: "limit" | "peer"
  readonly completed: number
  readonly completed_per_second: number
}

const peersFolder = fileURLToPath(new URL("peers", import.meta.url))
const WARM_UP_ORDERS = 640

/** The peers' packages are nobody else's: they are installed the first time somebody compares. */
export const peersInstalled = Effect.sync(() => {
  if (existsSync(`${peersFolder}/node_modules`)) return
  execFileSync("npm", ["ci", "--prefix", peersFolder], { stdio: ["ignore", "inherit", "inherit"] })
})

/** Who does the steps, and how. */
interface Peer extends Pick<PeerFigures, "kind" | "name"> {
  /** A script of `peers`. */
  readonly script: string
  /** How many orders a second it does, about, so that a run lasts as long as was asked for. */
  readonly guess: number
  readonly singly?: boolean
  /** What is wrong with the books afterwards. */
  readonly verdict: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<unknown>, unknown, SqlClient.SqlClient>
}

/** Has a peer drive orders to their end on a fresh database, for about so many seconds, after a few to warm up. */
export const runPeer = Effect.fn("runPeer")(function*(
  server: BenchServer,
  peer: Peer,
  { seconds, statements }: Pick<Wish, "seconds" | "statements">
) {
  yield* peersInstalled
  const { sql, url } = yield* benchDatabase(server)
  const script = yield* forked<Task, Done>(`peers/${peer.script}.ts`)
  const task = (orders: number): Task => ({ url: Redacted.value(url), orders, singly: peer.singly ?? false })
  const processes = [{ name: "its process", pid: script.pid }]
  const orders = Math.round(seconds * peer.guess)
  return yield* Effect.gen(function*() {
    const warm = yield* script.put(task(WARM_UP_ORDERS))
    const consumers = { processes, postmaster: server.pid, role: "postgres" } as const
    yield* forgetStatements
    const { cost, result } = yield* measure(consumers, script.put(task(orders)))
    const wrong = yield* peer.verdict([...warm.ids, ...result.ids])
    if (wrong.length > 0) return yield* Effect.die(new Untrustworthy(`${peer.name}: ${JSON.stringify(wrong)}`))
    if (statements) console.log(`\n${peer.name}\n\n${statementsTable(yield* dearestStatements("postgres"))}`)
    const completed_per_second = orders / result.seconds
    return {
      name: peer.name,
      kind: peer.kind,
      completed: orders,
      completed_per_second,
      ...costOfEach(cost, orders)
    } satisfies PeerFigures
  }).pipe(Effect.provideService(SqlClient.SqlClient, sql))
}, Effect.scoped)

const limit: Peer = { name: "limit", kind: "limit", script: "limit-worker", guess: 2500, verdict: () => judge() }
const limitSingly: Peer = { ...limit, name: "limit, taken in singly", guess: 600, singly: true }

/** What PostgreSQL itself can do on this machine: all in sets, and with orders that come one by one. */
export const runLimits = (server: BenchServer, wish: Wish) =>
  Effect.forEach([limit, limitSingly], (peer) => runPeer(server, peer, wish))

/** Peers drive orders without an entry of ours: each must be confirmed, committed and captured, and the stock add up. */
const drivenOnce: Peer["verdict"] = (ids) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const undone = yield* sql`
      SELECT asked.id, o.status AS record, r.status AS reservation, p.status AS payment
      FROM unnest(${ids}::uuid[]) AS asked (id)
      LEFT JOIN orders.orders o ON o.order_ledger_id = asked.id
      LEFT JOIN inventory.reservations r ON r.order_id = asked.id
      LEFT JOIN payment.payments p ON p.reference = asked.id
      WHERE o.status IS DISTINCT FROM 'CONFIRMED' OR r.status IS DISTINCT FROM 'COMMITTED'
        OR p.status IS DISTINCT FROM 'CAPTURED'
      LIMIT 5`
    const ofStock = ["oversell", "stock_drift", "reserved_is_what_is_held"]
    return [...undone, ...(yield* judge(always.filter(({ name }) => ofStock.includes(name))))]
  })

const graphileWorker: Peer = {
  name: "graphile-worker",
  kind: "peer",
  script: "graphile-worker-worker",
  guess: 250,
  verdict: drivenOnce
}
const pgBoss: Peer = { ...graphileWorker, name: "pg-boss", script: "pg-boss-worker" }
const dbos: Peer = { ...graphileWorker, name: "DBOS", script: "dbos-worker", guess: 80 }

/** Job queues in two ways: a job that does all steps and, tried again, begins anew; or steps that are recorded, as ours are. */
const peers: ReadonlyArray<Peer> = [
  graphileWorker,
  { ...graphileWorker, name: "graphile-worker, a job a step", guess: 120, singly: true },
  pgBoss,
  { ...pgBoss, name: "pg-boss, a job a step", guess: 120, singly: true },
  dbos
]

/** What others come to with the same steps, each in one process and without HTTP. */
export const runPeers = (server: BenchServer, wish: Wish) =>
  Effect.forEach(peers, (peer) => runPeer(server, peer, wish))
