import type { OrderId } from "@surety/domain/ids"
import { inTransaction } from "@surety/platform/database"
import { Effect } from "effect"
import { ReservationStore, type Settled, type Standing } from "./reservation-store.ts"

/** How many expired holds one transaction takes back. */
const RECLAIM_SET = 64

/**
 * The undo of reserveStock: HELD becomes RELEASED and its units are free again. Safe twice; safe for an order never heard
 * of, whose reservation is refused should it come late; nothing for one that was refused. Committed stock has left and
 * stays so. Answers how each order stands afterwards.
 */
export const releaseStock = Effect.fn("releaseStock")(
  function*(asked: ReadonlyArray<OrderId>) {
    const ids = [...new Set(asked)]
    const store = yield* ReservationStore
    yield* store.lockOrders(ids)
    const before = yield* store.settle(ids, "RELEASED")
    const unknown = before.flatMap((row) => row.status === null ? [row.order_id] : [])
    if (unknown.length > 0) yield* store.entomb(unknown)
    return before.map((row): Standing & Pick<Settled, "settled"> =>
      row.settled || row.status === null
        ? { ...row, status: "RELEASED", expired: false }
        : { ...row, status: row.status }
    )
  },
  inTransaction,
  Effect.orDie
)

/**
 * Takes back every hold whose time is up. Whoever is about to decide about stock does this first, which is what makes an
 * expired hold free at the moment it expires and keeps the query that routes orders ignorant of time. It is a release
 * like any other, in transactions of its own, because an expired order may hold rows beside those its reclaimer wants.
 * One who finds the holds being taken back by another waits for that. Without expired holds it costs one look into an
 * index that orders of the saga never enter.
 */
export const reclaimExpired = Effect.gen(function*() {
  const store = yield* ReservationStore
  for (;;) {
    const ids = yield* store.expiredOrders(RECLAIM_SET)
    if (ids.length > 0) yield* reclaim(ids)
    if (ids.length < RECLAIM_SET) return
  }
}).pipe(Effect.withSpan("reclaimExpired"), Effect.orDie)

const reclaim = Effect.fnUntraced(
  function*(ids: ReadonlyArray<OrderId>) {
    const store = yield* ReservationStore
    yield* store.lockOrders(ids)
    yield* store.settle(ids, "RELEASED", true)
  },
  inTransaction
)
