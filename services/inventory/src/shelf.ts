import type { Allocation } from "@surety/contracts/inventory-api"
import type { ProductId, WarehouseId } from "@surety/domain/ids"

const keyOf = (product: ProductId, warehouse: WarehouseId) => `${product}/${warehouse}`

/** The stock rows that allocations name, each once, with the units of all of them together. */
export const sumByRow = (allocations: ReadonlyArray<Allocation>): ReadonlyArray<Allocation> => {
  const rows = new Map<string, Allocation>()
  for (const allocation of allocations) {
    const key = keyOf(allocation.product_id, allocation.warehouse_id)
    rows.set(key, { ...allocation, quantity: allocation.quantity + (rows.get(key)?.quantity ?? 0) })
  }
  return [...rows.values()]
}

/** What is left of stock rows while the orders of a set are served one after the other. */
export class Shelf {
  readonly #left = new Map<string, number>()

  /** Units of a row that can be taken. The first word stands, since later ones know nothing of what was taken here. */
  learn(product: ProductId, warehouse: WarehouseId, units: number): void {
    const key = keyOf(product, warehouse)
    if (!this.#left.has(key)) this.#left.set(key, Math.max(units, 0))
  }

  left(product: ProductId, warehouse: WarehouseId): number {
    return this.#left.get(keyOf(product, warehouse)) ?? 0
  }

  /** Takes all of it, or nothing if a single row has too little. A row may be named once only. */
  take(allocations: ReadonlyArray<Allocation>): boolean {
    const fits = allocations.every((a) => this.left(a.product_id, a.warehouse_id) >= a.quantity)
    if (!fits) return false
    for (const { product_id, quantity, warehouse_id } of allocations) {
      this.#left.set(keyOf(product_id, warehouse_id), this.left(product_id, warehouse_id) - quantity)
    }
    return true
  }
}
