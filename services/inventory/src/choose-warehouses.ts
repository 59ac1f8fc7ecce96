import type { RefusalReason } from "@surety/domain/stock"
import { Effect } from "effect"
import type { Shortage } from "./routing-decision.ts"
import { RoutingStore, type Wanted } from "./routing-store.ts"
import {
  type Placement,
  placeWhole,
  type Search,
  searchNearest,
  searchOn,
  type Verdict,
  verdictsOf
} from "./routing.ts"
import { Shelf } from "./shelf.ts"
import { splitOrder } from "./split-order.ts"

export interface Routed extends Wanted {
  readonly allow_split: boolean
}

export type Choice<Order> =
  | { readonly _tag: "Placed"; readonly order: Order; readonly placement: Placement }
  | {
    readonly _tag: "Refused"
    readonly order: Order
    readonly reason: RefusalReason
    readonly looked: ReadonlyArray<Verdict>
    readonly shortages: ReadonlyArray<Shortage>
  }
  /** There is stock for it, but orders before it in the set want that too: to be looked at again after them. */
  | { readonly _tag: "Later"; readonly order: Order }

/**
 * Where each order of a set is to be served from: the nearest single warehouse that has every line; where there is none
 * and the order allows it, the fewest warehouses. In order of arrival, so that the first come takes the nearer stock;
 * those that must be split come after those that need not be. It reads without locks, and knows of its own orders only:
 * what it says must be checked under the lock.
 */
export const chooseWarehouses = Effect.fn("chooseWarehouses")(
  function*<Order extends Routed>(orders: ReadonlyArray<Order>) {
    if (orders.length === 0) return []
    const store = yield* RoutingStore
    const nearest = yield* store.nearest(orders)
    const searches = new Map(orders.map((order) => [order, searchNearest(order, nearest.get(order.order_id)!)]))

    // Most end here. Those the nearest cannot serve search on, and then all are placed afresh: an early order that now
    // finds a warehouse may take what a later one had got. Each order searches on twice at most, so this ends.
    let plan = placeAll(orders, searches)
    for (;;) {
      const stuck = plan.unplaced.filter((order) => searches.get(order)!.ask_next !== undefined)
      if (stuck.length === 0) break
      for (const [limit, together] of Map.groupBy(stuck, (order) => searches.get(order)!.ask_next!)) {
        const found = yield* store.anywhere(together, limit)
        for (const order of together) searches.set(order, searchOn(searches.get(order)!, found.get(order.order_id)!))
      }
      plan = placeAll(orders, searches)
    }

    const placed = Array.from(
      plan.placed,
      ([order, placement]): Choice<Order> => ({ _tag: "Placed", order, placement })
    )
    const [later, homeless] = partition(plan.unplaced, (order) => searches.get(order)!.suitable.length > 0)
    const whole = [...placed, ...later.map((order): Choice<Order> => ({ _tag: "Later", order }))]
    return homeless.length === 0 ? whole : [...whole, ...(yield* splitOrRefuse(homeless, searches, plan.shelf))]
  }
)

const placeAll = <Order extends Routed>(orders: ReadonlyArray<Order>, searches: ReadonlyMap<Order, Search>) => {
  const shelf = new Shelf()
  const placed = new Map<Order, Placement>()
  for (const order of orders) {
    const placement = placeWhole(order, searches.get(order)!, shelf)
    if (placement !== undefined) placed.set(order, placement)
  }
  return { shelf, placed, unplaced: orders.filter((order) => !placed.has(order)) }
}

/** No warehouse has every line of these. */
const splitOrRefuse = Effect.fnUntraced(
  function*<Order extends Routed>(orders: ReadonlyArray<Order>, searches: ReadonlyMap<Order, Search>, shelf: Shelf) {
    const store = yield* RoutingStore
    const totals = yield* store.totals([...new Set(orders.flatMap(({ items }) => items.map((i) => i.product_id)))])
    const shortages = new Map(orders.map(({ items, order_id }) => [
      order_id,
      items.map(({ product_id, quantity }) => ({
        product_id,
        requested: quantity,
        available: totals.get(product_id) ?? 0
      })).filter(({ available, requested }) => available < requested)
    ]))
    const splittable = orders.filter((order) => order.allow_split && shortages.get(order.order_id)!.length === 0)
    const holders = splittable.length === 0 ? undefined : yield* store.holders(splittable)
    return orders.map((order): Choice<Order> => {
      const short = shortages.get(order.order_id)!
      const pool = holders?.get(order.order_id)?.candidates
      const placement = pool && splitOrder(order.items, pool, shelf)
      if (placement !== undefined) return { _tag: "Placed", order, placement }
      if (pool !== undefined && splitOrder(order.items, pool, new Shelf()) !== undefined) {
        return { _tag: "Later", order }
      }
      const looked = verdictsOf(order.items, searches.get(order)!.nearest)
      const reason = short.length > 0 ? "insufficient_stock" : "no_single_warehouse"
      return { _tag: "Refused", order, reason, looked, shortages: short }
    })
  }
)

const partition = <A>(all: ReadonlyArray<A>, isLeft: (a: A) => boolean) =>
  [all.filter(isLeft), all.filter((a) => !isLeft(a))] as const
