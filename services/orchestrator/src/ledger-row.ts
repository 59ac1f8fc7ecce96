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
  /** Of the span that sent the order, in hexadecimal; null where none did. */
  readonly trace_context: string | null
  readonly accepted_millis: number
  /** Since the order was sent. */
  readonly age_millis: number
  /** How long it was due before it was claimed. */
  readonly wait_millis: number
  /** Taken over from a worker that let its lease run out. */
  readonly recovered: boolean
  /** Of the span that is around it now; what is called on its behalf continues it. */
  readonly traceparent?: string | undefined
}
