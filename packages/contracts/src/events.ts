import { OrderId } from "@surety/domain/ids"
import { OrderStatus } from "@surety/domain/order-status"
import { Schema } from "effect"
import { Timestamp } from "./manners.ts"

/** An order reached a status. `(order_ledger_id, revision)` is unique: consumers drop what they have seen. */
export const Event = Schema.Struct({
  order_ledger_id: OrderId,
  revision: Schema.Int,
  from: Schema.optionalKey(OrderStatus),
  to: OrderStatus,
  reason: Schema.optionalKey(Schema.String),
  at: Timestamp
}).annotate({ identifier: "Event" })
export type Event = typeof Event.Type
