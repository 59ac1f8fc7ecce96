import type { Reservation, ReservationResult, Reserve } from "@surety/contracts/inventory-api"
import type { Traceparents } from "@surety/contracts/manners"
import { InsufficientStock, NoSingleWarehouse, ReservationNotFound, StateConflict } from "@surety/contracts/problems"
import type { OrderId } from "@surety/domain/ids"
import { withoutNulls } from "@surety/platform/rows"
import { Effect } from "effect"
import { commitStock } from "./commit-stock.ts"
import { releaseStock } from "./release-stock.ts"
import { ReservationStore, type StoredReservation } from "./reservation-store.ts"
import { reserveStock } from "./reserve-stock.ts"
import { readDecision, readShortages } from "./routing-decision.ts"
import { type Operation, type Standing, tellReservations } from "./tell-reservations.ts"

/** Why a standing is a no to what was asked, in one word; undefined when it is done. */
const refusalOf = (asked: Operation, { expired, reason, status }: Standing): string | undefined => {
  if (status === null) return "not_reserved"
  switch (asked) {
    case "reserve":
      return status === "RELEASED" || expired ? "released_before" : reason ?? undefined
    case "release":
      return status === "COMMITTED" ? "committed" : undefined
    case "commit":
      return status === "COMMITTED" ? undefined : status.toLowerCase()
  }
}

const resultOf = (asked: Operation, standing: Standing): ReservationResult => {
  const reason = refusalOf(asked, standing)
  const { order_id, status, warehouse_id } = standing
  return reason !== undefined || status === null
    ? { order_id, outcome: "refused", reason: reason ?? "not_reserved" }
    : { order_id, outcome: "done", status, ...(warehouse_id !== null && { warehouse_id }) }
}

/** Does what was asked for these orders, and tells each order's trace how it came out. */
const told = <R>(
  asked: Operation,
  ids: ReadonlyArray<OrderId>,
  traceparents: Traceparents | undefined,
  run: Effect.Effect<ReadonlyArray<Standing>, never, R>
) => tellReservations(asked, ids, traceparents, (standing) => refusalOf(asked, standing), run)

/** One result an item, in the order of the items, which may name an order twice. */
const resultsOf = (asked: Operation, ids: ReadonlyArray<OrderId>) => (standings: ReadonlyMap<OrderId, Standing>) => ({
  results: ids.map((id) => resultOf(asked, standings.get(id)!))
})

export const reserveSet = (items: ReadonlyArray<Reserve>, traceparents?: Traceparents) => {
  const ids = items.map(({ order_id }) => order_id)
  return Effect.map(told("reserve", ids, traceparents, reserveStock(items)), resultsOf("reserve", ids))
}
export const releaseSet = (ids: ReadonlyArray<OrderId>, traceparents?: Traceparents) =>
  Effect.map(told("release", ids, traceparents, releaseStock(ids)), resultsOf("release", ids))
export const commitSet = (ids: ReadonlyArray<OrderId>, traceparents?: Traceparents) =>
  Effect.map(told("commit", ids, traceparents, commitStock(ids)), resultsOf("commit", ids))

/** One order's reservation, or the problem that it was never heard of. */
export const readReservation = Effect.fn("showReservation")(function*(id: OrderId) {
  const row = yield* stored(id)
  return row === undefined ? yield* neverReserved(id) : asReservation(row)
})

/** Reserves for one order; a refusal is the problem that says why. */
export const reserveOne = Effect.fn("reserveOne")(function*(request: Reserve) {
  const { order_id } = request
  const standings = yield* told("reserve", [order_id], undefined, reserveStock([request]))
  const row = (yield* stored(order_id))!
  switch (refusalOf("reserve", standings.get(order_id)!)) {
    case undefined:
      return asReservation(row)
    case "insufficient_stock": {
      const shortages = readShortages(row.decision)
      return yield* new InsufficientStock({ shortages, detail: "all warehouses together have too little" })
    }
    case "no_single_warehouse":
      return yield* new NoSingleWarehouse({ detail: "only several warehouses together have every line" })
    default: {
      const detail = "this order's reservation was released or ran out; another needs another order id"
      return yield* new StateConflict({ current: "RELEASED", detail })
    }
  }
})

export const releaseOne = Effect.fn("releaseOne")(function*(id: OrderId) {
  const standings = yield* told("release", [id], undefined, releaseStock([id]))
  if (refusalOf("release", standings.get(id)!) !== undefined) {
    return yield* new StateConflict({ current: "COMMITTED", detail: "the units have left; adjust the stock instead" })
  }
  return asReservation((yield* stored(id))!)
})

export const commitOne = Effect.fn("commitOne")(function*(id: OrderId) {
  const standing = (yield* told("commit", [id], undefined, commitStock([id]))).get(id)!
  if (standing.status === null) return yield* neverReserved(id)
  if (refusalOf("commit", standing) !== undefined) {
    return yield* new StateConflict({ current: standing.status, detail: "no units are held for this order" })
  }
  return asReservation((yield* stored(id))!)
})

const stored = (id: OrderId) => Effect.orDie(ReservationStore.use((store) => store.read(id)))

const neverReserved = (id: OrderId) =>
  new ReservationNotFound({ order_id: id, detail: "nothing was ever reserved or released for this order" })

const asReservation = ({ decision, warehouse_ids, ...row }: StoredReservation): Reservation => ({
  ...withoutNulls(row),
  decision: readDecision(decision, row.warehouse_id, warehouse_ids)
})
