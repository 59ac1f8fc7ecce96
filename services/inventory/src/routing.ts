import type { Allocation } from "@surety/contracts/inventory-api"
import type { WarehouseId } from "@surety/domain/ids"
import type { OrderItem } from "@surety/domain/order"
import type { CandidateVerdict } from "@surety/domain/stock"
import { type Candidate, type Found, NOT_STOCKED, type Wanted } from "./routing-store.ts"
import type { Shelf } from "./shelf.ts"

/** A warehouse that was looked at and what was thought of it. */
export interface Verdict {
  readonly code: string
  readonly meters: number
  readonly verdict: CandidateVerdict
}

/** What is known of where one order could be served from. */
export interface Search {
  /** The nearest warehouses, whatever they have. */
  readonly nearest: ReadonlyArray<Candidate>
  /** Those that have every line, nearest first. */
  readonly suitable: ReadonlyArray<Candidate>
  /** How many warehouses to ask for when these are not enough; undefined: asking for more is of no use. */
  readonly ask_next: number | undefined
}

/** Where one order is to be served from, and how that came about. */
export interface Placement {
  readonly allocations: ReadonlyArray<Allocation>
  readonly looked: ReadonlyArray<Verdict>
}

export const VERDICTS_MAX = 10
/** A few are enough for most; the orders of one set that all want the same few units need more to choose from. */
const SUITABLE_FEW = 4
const SUITABLE_MAX = 64

const hasEveryLine = (items: ReadonlyArray<OrderItem>, candidate: Candidate): boolean =>
  items.every((item, line) => candidate.available[line]! >= item.quantity)

/** A search among the nearest. It is enough when it brings anything up, or when there are no other warehouses. */
export const searchNearest = ({ items }: Wanted, { candidates, complete, horizon_meters }: Found): Search => ({
  nearest: candidates,
  suitable: candidates.filter((c) => c.meters < horizon_meters && hasEveryLine(items, c)),
  ask_next: complete ? undefined : SUITABLE_FEW
})

/** The same search carried on among all warehouses. */
export const searchOn = (search: Search, { candidates, complete, horizon_meters }: Found): Search => ({
  nearest: search.nearest,
  suitable: candidates.filter((candidate) => candidate.meters < horizon_meters),
  ask_next: complete || search.ask_next === SUITABLE_MAX ? undefined : SUITABLE_MAX
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
  return [...verdictsOf(items, before), { ...placeOf(chosen), verdict: "chosen" }]
}

const placeOf = ({ code, meters }: Candidate) => ({ code, meters })

/** Why each was passed over. One that had every line when it was read was emptied by the orders before. */
export const verdictsOf = (
  items: ReadonlyArray<OrderItem>,
  candidates: ReadonlyArray<Candidate>
): ReadonlyArray<Verdict> =>
  candidates.slice(0, VERDICTS_MAX).map((candidate) => ({
    ...placeOf(candidate),
    verdict: items.some((_, line) => candidate.available[line] === NOT_STOCKED) ? "not_stocked" : "insufficient_stock"
  }))
