import type { Allocation } from "@surety/contracts/inventory-api"
import type { OrderItem } from "@surety/domain/order"
import type { Candidate } from "./routing-store.ts"
import { type Placement, VERDICTS_MAX } from "./routing.ts"
import type { Shelf } from "./shelf.ts"

/** Up to so many warehouses the fewest are found by trying all ways; beyond, whichever covers most comes next. */
const EXACT_WAREHOUSES_MAX = 3
/** Looks at one line of one warehouse that trying may take, some 20 ms; with many lines of many holders it is greedy. */
const LOOKS_MAX = 500_000

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
 * which is NP-hard, and nobody ships an order from four places by choice. The holders come nearest first.
 *
 * Returns undefined when they do not have it, or no longer, since orders before it took some from the `shelf`.
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
  let looks = 0
  /** The line with the fewest holders must come from one of them: branching there tries little and misses nothing. */
  const bestOf = (rest: Rest, pool: ReadonlyArray<Candidate>, size: number): Chosen | undefined => {
    if (isServed(rest)) return []
    looks += pool.length * rest.length
    if (looks > LOOKS_MAX) return undefined
    const total = rest.reduce((sum, units) => sum + units, 0)
    const covers = new Map(pool.map((candidate) => [candidate, coverOf(rest, candidate)]))
    if (size === 1) return firstOf(pool.filter((candidate) => covers.get(candidate) === total))
    const others = (size - 1) * Math.max(0, ...covers.values())
    let best: Chosen | undefined
    for (const candidate of fewestHolders(rest, pool)) {
      if (covers.get(candidate)! + others < total) continue
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

/** The nearest of holders, which come nearest first. */
const firstOf = ([nearest]: ReadonlyArray<Candidate>): Chosen | undefined => nearest && [nearest]

const fewestHolders = (rest: Rest, pool: ReadonlyArray<Candidate>): ReadonlyArray<Candidate> => {
  const needed = rest.flatMap((units, line) => units > 0 ? [line] : [])
  const counts = needed.map((line) => pool.reduce((n, { available }) => available[line]! > 0 ? n + 1 : n, 0))
  const line = needed[counts.indexOf(Math.min(...counts))]!
  return pool.filter((candidate) => candidate.available[line]! > 0)
}

const greedily = (rest: Rest, pool: ReadonlyArray<Candidate>): Chosen | undefined => {
  if (isServed(rest)) return []
  if (pool.length === 0) return undefined
  const covers = pool.map((candidate) => coverOf(rest, candidate))
  const cover = Math.max(...covers)
  if (cover === 0) return undefined
  const most = pool[covers.indexOf(cover)]!
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
