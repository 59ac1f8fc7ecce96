import type { ReservationResult, Reserve } from "@surety/contracts/inventory-api"
import type { OrderId, ProductId } from "@surety/domain/ids"
import { WarehouseId } from "@surety/domain/ids"

interface Shelf {
  readonly price_cents: number
  on_hand: number
  reserved: number
}
interface Reservation {
  status: "HELD" | "COMMITTED" | "RELEASED" | "REFUSED"
  readonly items: ReadonlyArray<{ readonly product_id: ProductId; readonly quantity: number }>
}

const warehouse_id = WarehouseId.make("00000000-0000-7000-8000-00000000a11e")

/** What the inventory service promises, for one warehouse: each call is one transaction, each order has one answer for ever. */
export class StockModel {
  readonly shelves = new Map<ProductId, Shelf>()
  readonly reservations = new Map<OrderId, Reservation>()

  reserve(requests: ReadonlyArray<Reserve>): ReadonlyArray<ReservationResult> {
    return requests.map(({ items, order_id }) => {
      const known = this.reservations.get(order_id)
      if (known === undefined) {
        const fits = items.every(({ product_id, quantity }) => {
          const shelf = this.shelves.get(product_id)!
          return shelf.on_hand - shelf.reserved >= quantity
        })
        if (fits) { for (const { product_id, quantity } of items) this.shelves.get(product_id)!.reserved += quantity }
        this.reservations.set(order_id, { status: fits ? "HELD" : "REFUSED", items })
      }
      const { status } = this.reservations.get(order_id)!
      return status === "HELD" || status === "COMMITTED"
        ? { order_id, outcome: "done", status, warehouse_id }
        : { order_id, outcome: "refused", reason: status === "RELEASED" ? "released_before" : "insufficient_stock" }
    })
  }

  release(ids: ReadonlyArray<OrderId>): ReadonlyArray<ReservationResult> {
    return ids.map((order_id) => {
      const held = this.reservations.get(order_id)
      if (held?.status === "COMMITTED") return { order_id, outcome: "refused", reason: "committed" }
      if (held?.status === "HELD") {
        for (const { product_id, quantity } of held.items) this.shelves.get(product_id)!.reserved -= quantity
      }
      if (held?.status !== "REFUSED") this.reservations.set(order_id, { status: "RELEASED", items: held?.items ?? [] })
      return { order_id, outcome: "done", status: held?.status === "REFUSED" ? "REFUSED" : "RELEASED" }
    })
  }

  commit(ids: ReadonlyArray<OrderId>): ReadonlyArray<ReservationResult> {
    return ids.map((order_id) => {
      const held = this.reservations.get(order_id)
      if (held?.status === "HELD") {
        for (const { product_id, quantity } of held.items) {
          const shelf = this.shelves.get(product_id)!
          shelf.reserved -= quantity
          shelf.on_hand -= quantity
        }
        held.status = "COMMITTED"
      }
      return held?.status === "COMMITTED"
        ? { order_id, outcome: "done", status: "COMMITTED" }
        : { order_id, outcome: "refused", reason: held?.status.toLowerCase() ?? "not_reserved" }
    })
  }
}
