import type { OrderId } from "@surety/domain/ids"
import type { Currency } from "@surety/domain/money"
import type { OrderLine, ShippingAddress } from "@surety/domain/order"
import type { OrderStatus } from "@surety/domain/order-status"
import type { Claimed } from "@surety/saga/journal"

/** A claimed ledger entry: what the steps need to know of the order. */
export interface LedgerRow extends Claimed {
  readonly id: OrderId
  readonly status: OrderStatus
  readonly caller: string
  readonly user_id: string
  readonly email: string
  readonly items: ReadonlyArray<OrderLine>
  readonly shipping_address: ShippingAddress | null
  readonly total_cents: number
  readonly currency: Currency
}
