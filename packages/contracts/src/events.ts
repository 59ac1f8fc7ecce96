import { OrderId } from "@surety/domain/ids"
import { OrderStatus } from "@surety/domain/order-status"
import { Schema } from "effect"
import { Timestamp } from "./manners.ts"

/** An order reached a status, which it does once: `(order_ledger_id, to)` is unique, consumers drop what they have seen. */
export const Event = Schema.Struct({
  order_ledger_id: OrderId,
  from: Schema.optionalKey(OrderStatus),
  to: OrderStatus,
  reason: Schema.optionalKey(Schema.String),
  at: Timestamp
}).annotate({ identifier: "Event" })
export type Event = typeof Event.Type

/** A place in the feed, to be sent back as `after`. */
export const EventCursor = Schema.String.check(
  Schema.isPattern(/^[0-9]{1,18}\.[0-9]{1,18}\.[0-9]{1,9}$/, {
    message: "must be the `next` of an earlier answer"
  })
).annotate({ identifier: "EventCursor" })
