import type { Exchange } from "@surety/testkit/link-proxy"
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { Cluster } from "../cluster/cluster.ts"
import type { LinkName } from "../cluster/links.ts"
import type { Node } from "../cluster/node.ts"
import { until } from "./passing-time.ts"

const LEASE_MILLIS = 2_000
const LEASES = 3

/** Leases so much shorter than production's that three of them are seconds, and calls shorter still. */
export const briefLeases = {
  SAGA_LEASE_MILLIS: `${LEASE_MILLIS}`,
  SAGA_CALL_TIMEOUT_MILLIS: "1500",
  EDGE_LEASE_MILLIS: `${LEASE_MILLIS}`,
  EDGE_CALL_TIMEOUT_MILLIS: "1500"
}

/** The next request on a link that fits: the worker's own, and no other's. */
export interface Moment {
  readonly on: LinkName
  readonly match: (exchange: Exchange) => boolean
}

/** An order as a paused worker held it. */
interface Held {
  readonly id: string
  readonly fence: number
}

/** What others have made of the orders that a paused worker still believes it holds. */
export interface Paused {
  /** Taken over by somebody else meanwhile. */
  readonly taken: ReadonlyArray<string>
  /** Which of those were changed by the worker when it was back, though it must not. */
  readonly staleWrites: Effect.Effect<ReadonlyArray<string>>
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

/** The orders that a worker's request is about, which is how we know that it is the one who holds them. */
const heldIn = (sql: SqlClient.SqlClient, { payload }: Exchange) =>
  sql<Held>`
    SELECT id, fence FROM ledger.entries WHERE id = ANY (${
    payload.match(UUID) ?? []
  }::uuid[]) AND lease_until IS NOT NULL`

/** Everything about orders that may not change any more once they have ended. */
const endsOf = (sql: SqlClient.SqlClient, ids: ReadonlyArray<string>) =>
  Effect.map(
    sql<{ id: string; row: string }>`
      SELECT id, md5(e::text) AS row FROM ledger.entries e
      WHERE id = ANY (${ids}::uuid[]) AND ended_at IS NOT NULL ORDER BY id`,
    (rows) => new Map(rows.map(({ id, row }) => [id, row]))
  )

/**
 * Pauses a worker (SIGSTOP) when it has the answer of the next such request coming, for three leases; others run on. On
 * return it is still paused, and what it held has been taken over and has ended elsewhere.
 */
export const pauseHolding = Effect.fnUntraced(
  function*({ link, sql }: Cluster, worker: Node, { match, on }: Moment, others: Effect.Effect<void>) {
    const hit = yield* link(on).trigger({ match, moment: "answer_withheld", act: worker.pause })
    const held = yield* heldIn(sql, yield* Effect.timeout(hit, "30 seconds"))
    yield* others
    yield* Effect.sleep(LEASES * LEASE_MILLIS)
    const ids = held.map(({ id }) => id)
    const ended = sql<{ n: number }>`
      SELECT count(*)::int AS n FROM ledger.entries WHERE id = ANY (${ids}::uuid[]) AND ended_at IS NOT NULL`
    yield* until(
      "ends of what the paused worker held",
      Effect.map(Effect.orDie(ended), ([row]) => row!.n === ids.length)
    )
    const before = yield* endsOf(sql, ids)
    const staleWrites = Effect.map(
      Effect.orDie(endsOf(sql, ids)),
      (after) => ids.filter((id) => after.get(id) !== before.get(id))
    )
    const now = yield* sql<Held>`SELECT id, fence FROM ledger.entries WHERE id = ANY (${ids}::uuid[])`
    const fenceOf = new Map(now.map(({ fence, id }) => [id, fence]))
    const taken = held.filter(({ fence, id }) => fenceOf.get(id)! > fence).map(({ id }) => id)
    return { taken, staleWrites } satisfies Paused
  },
  Effect.orDie
)
