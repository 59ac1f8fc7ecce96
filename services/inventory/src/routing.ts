import type { Allocation } from "@surety/contracts/inventory-api"
import type { WarehouseId } from "@surety/domain/ids"
import type { OrderItem } from "@surety/domain/order"
import type { CandidateVerdict } from "@surety/domain/stock"
import { type Candidate, type Found, NOT_STOCKED, type Wanted } from "./routing-store.ts"
import type { Shelf } from "./shelf.ts"

/** A warehouse that was looked at and what was thought of it. */
export interface Verdict {
  readonly warehouse_id: WarehouseId
  readonly meters: number
  readonly verdict: CandidateVerdict
}

/** What is known of where one order could be served from. */
export interface Search {
  /** The nearest warehouses, whatever they have. */
  readonly nearest: ReadonlyArray<Candidate>
  /** Those that have every line, nearest first. */
  readonly suitable: ReadonlyArray<Candidate>
  /** Whether `suitable` comes from all warehouses there are, not only from the nearest. */
  readonly everywhere: boolean
}

/** Where one order is to be served from, and how that came about. */
export interface Placement {
  readonly allocations: ReadonlyArray<Allocation>
  readonly looked: ReadonlyArray<Verdict>
}

export const VERDICTS_MAX = 10

const hasEveryLine = (items: ReadonlyArray<OrderItem>, candidate: Candidate): boolean =>
  items.every((item, line) => candidate.available[line]! >= item.quantity)

/** A search among the nearest. It is enough when it brings anything up, or when there are no other warehouses. */
export const searchNearest = ({ items }: Wanted, { candidates, horizon_meters }: Found): Search => ({
  nearest: candidates,
  suitable: candidates.filter((c) => c.meters < horizon_meters && hasEveryLine(items, c)),
  everywhere: horizon_meters === Infinity
})

/** The same search carried on among all warehouses. */
export const searchEverywhere = (search: Search, { candidates, horizon_meters }: Found): Search => ({
  ...search,
  suitable: candidates.filter((candidate) => candidate.meters < horizon_meters),
  everywhere: true
})

const allocationsFrom = (items: ReadonlyArray<OrderItem>, warehouse_id: WarehouseId): ReadonlyArray<Allocation> =>
  items.map((item) => ({ ...item, warehouse_id }))

/** Takes the nearest suitable warehouse in which the orders before have left enough; undefined when there is none. */
export const placeWhole = ({ items }: Wanted, search: Search, shelf: Shelf): Placement | undefined => {
  for (const candidate of search.suitable) {
    items.forEach((item, line) => shelf.learn(item.product_id, candidate.warehouse_id, candidate.available[line]!))
    const allocations = allocationsFrom(items, candidate.warehouse_id)
    if (shelf.take(allocations)) return { allocations, looked: verdictsUpTo(items, search, candidate) }
  }
  return undefined
}

/** What was looked at before the chosen one, nearest first, and the chosen one: few, since it is stored an order. */
const verdictsUpTo = (items: ReadonlyArray<OrderItem>, search: Search, chosen: Candidate): ReadonlyArray<Verdict> => {
  const place = search.nearest.findIndex((candidate) => candidate.warehouse_id === chosen.warehouse_id)
  const before = search.nearest.slice(0, place === -1 ? VERDICTS_MAX - 1 : place)
  return [...verdictsOf(items, before), { ...identityOf(chosen), verdict: "chosen" }]
}

const identityOf = ({ meters, warehouse_id }: Candidate) => ({ warehouse_id, meters })

/** Why each was passed over. One that had every line when it was read was emptied by the orders before. */
export const verdictsOf = (
  items: ReadonlyArray<OrderItem>,
  candidates: ReadonlyArray<Candidate>
): ReadonlyArray<Verdict> =>
  candidates.slice(0, VERDICTS_MAX).map((candidate) => ({
    ...identityOf(candidate),
    verdict: items.some((_, line) => candidate.available[line] === NOT_STOCKED) ? "not_stocked" : "insufficient_stock"
  }))
