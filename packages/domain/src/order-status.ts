import { Schema } from "effect"

/** Which status may follow which. The ledger's CHECK holds the same pairs; a test compares the two. */
export const follows = {
  AWAITING_AUTHORIZATION: ["AUTHORIZED", "AUTHORIZATION_FAILED"],
  AUTHORIZED: ["ORDER_CREATED", "COMPENSATING"],
  ORDER_CREATED: ["INVENTORY_RESERVED", "COMPENSATING"],
  INVENTORY_RESERVED: ["PAYMENT_CAPTURED", "COMPENSATING"],
  PAYMENT_CAPTURED: ["COMPLETED", "COMPENSATING"],
  COMPENSATING: ["FAILED"],
  COMPLETED: [],
  FAILED: [],
  AUTHORIZATION_FAILED: []
} as const satisfies Record<string, ReadonlyArray<string>>

export type OrderStatus = keyof typeof follows

export const OrderStatus = Schema.Literals([
  "AWAITING_AUTHORIZATION",
  "AUTHORIZED",
  "ORDER_CREATED",
  "INVENTORY_RESERVED",
  "PAYMENT_CAPTURED",
  "COMPENSATING",
  "COMPLETED",
  "FAILED",
  "AUTHORIZATION_FAILED"
]).annotate({ identifier: "OrderStatus" })

export const isTerminal = (status: OrderStatus): boolean => follows[status].length === 0
