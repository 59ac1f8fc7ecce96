import type { Reserve } from "@surety/contracts/inventory-api"
import type { OrderId } from "@surety/domain/ids"
import { mergeItems } from "@surety/domain/order"
import { inTransaction } from "@surety/platform/database"
import { Effect, Option } from "effect"
import { type Choice, chooseWarehouses, type Routed } from "./choose-warehouses.ts"
import { Geocoder } from "./geocoder.ts"
import { onlyWarehouseOf } from "./packed-lines.ts"
import { reclaimExpired } from "./release-stock.ts"
import { isOversold, type NewReservation, ReservationStore, type Standing } from "./reservation-store.ts"
import { type Destination, storeDecision } from "./routing-decision.ts"
import { Shelf } from "./shelf.ts"
import { StockStore } from "./stock-store.ts"

/**
 * How often a set is looked at again for orders whose warehouse was emptied between the look and the lock. Each time means
 * that other orders got stock, so this many say that something is wrong; the answer is then a 500, and safe to repeat.
 */
const ROUNDS_MAX = 16

interface Order extends Routed {
  readonly destination: Destination
  readonly hold_seconds: number | null
}

/**
 * Holds stock for a set of orders, in one transaction as a rule, and answers how each stands then. An order that has an
 * answer already gets the same again; one whose hold ran out counts as released, whether or not anyone has taken the
 * stock back yet: an answer must not depend on chance.
 */
export const reserveStock = Effect.fn("reserveStock")(function*(requests: ReadonlyArray<Reserve>) {
  yield* reclaimExpired
  const orders = yield* Effect.forEach(new Map(requests.map((r) => [r.order_id, r])).values(), readOrder)
  const standings = new Map<OrderId, Standing>()
  let pending = orders
  let locking = false
  for (let round = 0; pending.length > 0; round++) {
    if (round === ROUNDS_MAX) return yield* Effect.die(new Error(`no decision after ${ROUNDS_MAX} rounds`))
    // A transaction a round: the rows of the next round may come before those locked in this one, and locks are only
    // ever taken in the order of the keys. What is decided is decided; the rest sees what others have done meanwhile.
    const decided = yield* reserveOnce(pending, locking).pipe(Effect.catchIf(isOversold, () => Effect.succeed([])))
    for (const standing of decided) standings.set(standing.order_id, standing)
    pending = pending.filter(({ order_id }) => !standings.has(order_id))
    locking = true
  }
  return requests.map(({ order_id }) => standings.get(order_id)!)
}, Effect.orDie)

const readOrder = Effect.fnUntraced(function*(request: Reserve) {
  const geocoder = yield* Geocoder
  const { shipping_address } = request
  const place = shipping_address === undefined ? Option.none() : yield* geocoder.locate(shipping_address)
  return {
    order_id: request.order_id,
    items: mergeItems(request.items),
    allow_split: request.allow_split ?? false,
    hold_seconds: request.hold_seconds ?? null,
    point: Option.getOrNull(place),
    destination: Option.match(place, {
      onSome: (found): Destination => ({ place: found }),
      onNone: () => ({ fallback: shipping_address === undefined ? "no_address" : "unknown_place" })
    })
  } satisfies Order
})

/**
 * One transaction: answers those orders that could be decided. Stock mostly is as it was read a moment before, so the first
 * round trusts that and leaves the rest to `stock_never_oversold`, which fails it whole when others were quicker; a row
 * is then locked by its update alone. The rounds after it lock the rows first, and look again.
 */
const reserveOnce = Effect.fn("reserveOnce")(
  function*(orders: ReadonlyArray<Order>, locking: boolean) {
    const reservations = yield* ReservationStore
    const ids = orders.map(({ order_id }) => order_id)
    yield* reservations.lockOrders(ids)
    const known = yield* reservations.standings(ids)
    const knownIds = new Set(known.map(({ order_id }) => order_id))
    const choices = yield* chooseWarehouses(orders.filter(({ order_id }) => !knownIds.has(order_id)))
    const possible = locking ? yield* stillPossible(choices) : choices
    const decided = possible.flatMap(reservationOf)
    if (decided.length > 0) yield* reservations.insert(decided)
    return [...known, ...decided.map(standingOf)]
  },
  inTransaction
)

/** Locks the rows that were chosen, and leaves out the orders, in order of arrival, for which these have too little by now. */
const stillPossible = Effect.fnUntraced(function*(choices: ReadonlyArray<Choice<Order>>) {
  const wanted = choices.flatMap((choice) => choice._tag === "Placed" ? choice.placement.allocations : [])
  if (wanted.length === 0) return choices
  const stock = yield* StockStore
  const shelf = new Shelf()
  for (const row of yield* stock.lock(wanted)) shelf.learn(row.product_id, row.warehouse_id, row.available)
  return choices.filter((choice) => choice._tag !== "Placed" || shelf.take(choice.placement.allocations))
})

/** Held or refused; nothing yet for one that must be looked at again. */
const reservationOf = (choice: Choice<Order>): ReadonlyArray<NewReservation> => {
  if (choice._tag === "Later") return []
  const { destination, hold_seconds, order_id } = choice.order
  if (choice._tag === "Refused") {
    const decision = storeDecision(destination, choice.looked, choice.shortages)
    return [{ order_id, decision, allocations: [], reason: choice.reason, hold_seconds: null }]
  }
  const { allocations, looked } = choice.placement
  return [{ order_id, decision: storeDecision(destination, looked), allocations, reason: null, hold_seconds }]
}

const standingOf = ({ allocations, decision, order_id, reason }: NewReservation): Standing => ({
  order_id,
  status: reason === null ? "HELD" : "REFUSED",
  expired: false,
  warehouse_id: onlyWarehouseOf(allocations),
  reason,
  decision
})
