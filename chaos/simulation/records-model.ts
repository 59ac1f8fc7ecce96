import type { CreateOrder, OrderRecord } from "@surety/contracts/orders-api"
import type { OrderId } from "@surety/domain/ids"
import type { Cancellation } from "@surety/orders/order-store"

/** What the orders service's SQL does, statement by statement, in memory. */
export class RecordsModel {
  readonly records = new Map<OrderId, OrderRecord>()

  private put(id: OrderId, rest: Omit<OrderRecord, "order_ledger_id" | "created_at" | "updated_at">): void {
    this.records.set(id, { order_ledger_id: id, created_at: "", updated_at: "", ...rest })
  }

  insertMissing(orders: ReadonlyArray<CreateOrder>): ReadonlyArray<CreateOrder> {
    return orders.filter((order) => {
      if (this.records.has(order.order_ledger_id)) return false
      this.put(order.order_ledger_id, { ...order, status: "PENDING" })
      return true
    })
  }

  confirmPending(ids: ReadonlyArray<OrderId>): ReadonlyArray<OrderId> {
    return ids.filter((id) => {
      const record = this.records.get(id)
      if (record?.status !== "PENDING") return false
      this.put(id, { ...record, status: "CONFIRMED" })
      return true
    })
  }

  cancelPendingOrUnknown(cancellations: ReadonlyArray<Cancellation>): ReadonlyArray<OrderRecord> {
    for (const { order_ledger_id, reason } of cancellations) {
      const record = this.records.get(order_ledger_id)
      if (record === undefined || record.status === "PENDING") {
        this.put(order_ledger_id, { ...record, status: "CANCELLED", cancel_reason: reason })
      }
    }
    return this.read(cancellations.map(({ order_ledger_id }) => order_ledger_id))
  }

  read(ids: ReadonlyArray<OrderId>): ReadonlyArray<OrderRecord> {
    return ids.flatMap((id) => this.records.get(id) ?? [])
  }
}
