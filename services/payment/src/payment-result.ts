import type { Payment, PaymentResult } from "@surety/contracts/payment-api"
import type { OrderId } from "@surety/domain/ids"
import { withoutNulls } from "@surety/platform/rows"
import type { PaymentRow } from "./payment-store.ts"

export const done = (reference: OrderId, status: Payment["status"]): PaymentResult => ({
  reference,
  outcome: "done",
  status
})
export const refused = (reference: OrderId, reason: string): PaymentResult => ({
  reference,
  outcome: "refused",
  reason
})
export const stuck = (reference: OrderId, reason: string): PaymentResult => ({ reference, outcome: "stuck", reason })
export const unknown = (reference: OrderId, detail: string): PaymentResult => ({
  reference,
  outcome: "unknown",
  detail
})

/** A payment as its readers see it: never with its token. */
export const paymentView = ({ token: _, ...row }: PaymentRow): Payment => withoutNulls(row)
