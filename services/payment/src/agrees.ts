import type { AtProvider } from "@surety/contracts/provider-books-api"
import type { OrderId } from "@surety/domain/ids"
import type { PaymentRow } from "./payment-store.ts"
import type { ProviderPayment } from "./provider-words.ts"

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** Version 7 and the usual variant, as order ids are made. */
const madeHere = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** A provider's payment with a reference that a record of ours could have. */
export type Referenced = ProviderPayment & { readonly reference: OrderId }

export const isReferenced = (payment: ProviderPayment): payment is Referenced => uuid.test(payment.reference ?? "")

/** Whether a reference is an order's id, by its looks: others may use the same account, and their payments are theirs. */
export const isMadeHere = (reference: string): boolean => madeHere.test(reference)

export const keptCents = ({ captured_cents, refunded_cents }: ProviderPayment): number =>
  captured_cents - refunded_cents

/** Whether our record says of a payment what the provider says. One that no record counts on must have no money in it. */
export const agrees = (record: PaymentRow | undefined, payment: ProviderPayment): boolean => {
  const empty = payment.held_cents === 0 && keptCents(payment) === 0
  if (record === undefined || record.provider_id !== payment.provider_id) return empty
  const sameAmount = payment.amount_cents === record.amount_cents && payment.currency === record.currency
  switch (record.status) {
    case "AUTHORIZED":
      return sameAmount && payment.held_cents === record.amount_cents
    case "CAPTURE_REFUSED":
      // The hold may stand still, or be gone with the refusal.
      return payment.captured_cents === 0 && (payment.held_cents === 0 || sameAmount)
    case "CAPTURED":
    case "REFUNDED":
      return sameAmount && payment.captured_cents === record.captured_cents &&
        payment.refunded_cents === record.refunded_cents
    default:
      return empty
  }
}

export const atProviderView = ({ created_at, ...payment }: Referenced): AtProvider => ({
  ...payment,
  created_at: created_at.toISOString()
})
