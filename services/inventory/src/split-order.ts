import type { Allocation } from "@surety/contracts/inventory-api"
import type { OrderItem } from "@surety/domain/order"
import type { Candidate } from "./routing-store.ts"
import { type Placement, VERDICTS_MAX } from "./routing.ts"
import type { Shelf } from "./shelf.ts"

/** Up to so many warehouses the fewest are found by trying all ways; beyond, whichever covers most comes next. */
const EXACT_WAREHOUSES_MAX = 3
/** So many ways are tried at most, some 10 ms of work; an order of many lines with many holders each may have more. */
const TRIES_MAX = 20_000

/** Units of each line still without a warehouse. */
type Rest = ReadonlyArray<number>
type Chosen = ReadonlyArray<Candidate>

const isServed = (rest: Rest) => rest.every((units) => units === 0)
const after = (rest: Rest, { available }: Candidate): Rest =>
  rest.map((units, line) => Math.max(units - available[line]!, 0))
const coverOf = (rest: Rest, { available }: Candidate) =>
  rest.reduce((sum, units, line) => sum + Math.min(units, available[line]!), 0)
const metersOf = (chosen: Chosen) => chosen.reduce((sum, { meters }) => sum + meters, 0)

/**
 * The fewest warehouses that have all of an order together; of equally few those with the shortest way in sum. A line may
 * come from several. Exact up to three warehouses among the holders it is given, greedy beyond: the fewest is set cover,
 * which is NP-hard, and nobody ships an order from four places by choice.
 *
 * Returns undefined when these holders do not have it, or no longer, since orders before it took some from the `shelf`.
 */
export const splitOrder = (
  items: ReadonlyArray<OrderItem>,
  holders: ReadonlyArray<Candidate>,
  shelf: Shelf
): Placement | undefined => {
  const pool = holders.map((holder) => ({ ...holder, available: leftOf(items, holder, shelf) }))
  const rest = items.map((item) => item.quantity)
  const chosen = exactly(rest, pool) ?? greedily(rest, pool)
  if (chosen === undefined) return undefined
  const allocations = allocate(items, chosen)
  return shelf.take(allocations) ? { allocations, looked: verdicts(chosen) } : undefined
}

const leftOf = (items: ReadonlyArray<OrderItem>, holder: Candidate, shelf: Shelf): ReadonlyArray<number> =>
  items.map((item, line) => {
    shelf.learn(item.product_id, holder.warehouse_id, holder.available[line]!)
    return shelf.left(item.product_id, holder.warehouse_id)
  })

const exactly = (rest: Rest, pool: ReadonlyArray<Candidate>): Chosen | undefined => {
  let tries = 0
  /** The line with the fewest holders must come from one of them: branching there tries little and misses nothing. */
  const bestOf = (rest: Rest, pool: ReadonlyArray<Candidate>, size: number): Chosen | undefined => {
    if (isServed(rest)) return []
    if (size === 0 || tries++ > TRIES_MAX) return undefined
    const total = rest.reduce((sum, units) => sum + units, 0)
    const others = (size - 1) * Math.max(0, ...pool.map((candidate) => coverOf(rest, candidate)))
    let best: Chosen | undefined
    for (const candidate of fewestHolders(rest, pool)) {
      if (coverOf(rest, candidate) + others < total) continue
      const found = bestOf(after(rest, candidate), pool.filter((other) => other !== candidate), size - 1)
      const chosen = found && [candidate, ...found]
      if (chosen && (best === undefined || metersOf(chosen) < metersOf(best))) best = chosen
    }
    return best
  }
  for (let size = 1; size <= EXACT_WAREHOUSES_MAX; size++) {
    const found = bestOf(rest, pool, size)
    if (found !== undefined) return found
  }
  return undefined
}

const fewestHolders = (rest: Rest, pool: ReadonlyArray<Candidate>): ReadonlyArray<Candidate> =>
  rest.flatMap((units, line) => units > 0 ? [pool.filter((candidate) => candidate.available[line]! > 0)] : [])
    .reduce((a, b) => b.length < a.length ? b : a)

const greedily = (rest: Rest, pool: ReadonlyArray<Candidate>): Chosen | undefined => {
  if (isServed(rest)) return []
  if (pool.length === 0) return undefined
  const most = pool.reduce((a, b) => coverOf(rest, b) > coverOf(rest, a) ? b : a)
  if (coverOf(rest, most) === 0) return undefined
  const others = greedily(after(rest, most), pool.filter((c) => c !== most))
  return others && [most, ...others]
}

/** The nearest give first, all they have. */
const allocate = (items: ReadonlyArray<OrderItem>, chosen: Chosen): ReadonlyArray<Allocation> => {
  const rest = items.map((item) => item.quantity)
  return chosen.toSorted((a, b) => a.meters - b.meters).flatMap(({ available, warehouse_id }) =>
    items.flatMap(({ product_id }, line) => {
      const quantity = Math.min(rest[line]!, available[line]!)
      rest[line]! -= quantity
      return quantity > 0 ? [{ product_id, warehouse_id, quantity }] : []
    })
  )
}

const verdicts = (chosen: Chosen) =>
  chosen.toSorted((a, b) => a.meters - b.meters).slice(0, VERDICTS_MAX).map(({ code, meters }) => ({
    code,
    meters,
    verdict: "chosen" as const
  }))
