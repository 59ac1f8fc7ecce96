/** Stripe's payments, refunds and refusals in the port's words. A word that is missing leaves the question open. */
import type { Stripe } from "stripe"
import {
  type Authorization,
  type Cancellation,
  type Capture,
  captureIn,
  type ProviderPayment,
  type Refund
} from "./provider-words.ts"

/** Stripe takes a single-use card token in one field and a stored payment method in another. */
export const cardOf = (token: string) =>
  token.startsWith("tok_") ? { payment_method_data: { type: "card", card: { token } } } : { payment_method: token }

const isExpiry = (word: string | null | undefined) =>
  ["automatic", "expired", "charge_expired_for_capture", "capture_charge_authorization_expired"].includes(word ?? "")

const statuses: { readonly [status: string]: ProviderPayment["status"] } = {
  requires_capture: "held",
  requires_payment_method: "declined",
  succeeded: "captured",
  canceled: "canceled"
}

export const paymentOf = ({ latest_charge: charge, ...intent }: Stripe.PaymentIntent): ProviderPayment => ({
  provider_id: intent.id,
  reference: intent.metadata?.["reference"] ?? null,
  status: isExpiry(intent.cancellation_reason) ? "expired" : statuses[intent.status] ?? "unfinished",
  amount_cents: intent.amount,
  held_cents: intent.amount_capturable,
  captured_cents: intent.amount_received,
  refunded_cents: charge !== null && typeof charge === "object" ? charge.amount_refunded : 0,
  currency: intent.currency,
  created_at: new Date(intent.created * 1000)
})

/** The provider's own code, for a definite no of any operation. */
export const refused = (code: string | undefined) => ({ _tag: "Refused" as const, code: code ?? "invalid_request" })

export const declined = (
  { code, decline_code, message, payment_intent }: Stripe.errors.StripeError
): Authorization => ({
  _tag: "Declined",
  decline_code: decline_code || code || "invalid_request",
  message,
  ...(payment_intent === undefined ? {} : { provider_id: payment_intent.id })
})

/** Of the refusals of a capture only these are known to be final. Any other leaves the question open. */
export const captureRefused = ({ code, decline_code, payment_intent, statusCode }: Stripe.errors.StripeError) => {
  if (code === "payment_intent_unexpected_state") return payment_intent && captureIn(paymentOf(payment_intent))
  if (isExpiry(code)) return refused("expired")
  return statusCode === 402 || code === "amount_too_large" ? refused(decline_code || code) : undefined
}

/** A pending refund counts: Stripe has taken the money off our balance, and it is on its way. */
export const refundIn = ({ amount, failure_reason, id, status }: Stripe.Refund): Refund | undefined => {
  if (status === "succeeded" || status === "pending") return { _tag: "Refunded", refund_id: id, amount_cents: amount }
  return status === "failed" || status === "canceled" ? refused(failure_reason ?? status) : undefined
}

export const authorized = ({ amount_capturable, id, status }: Stripe.PaymentIntent): Authorization | undefined =>
  status === "requires_capture" ? { _tag: "Authorized", provider_id: id, amount_cents: amount_capturable } : undefined

export const captured = ({ amount_received, status }: Stripe.PaymentIntent): Capture | undefined =>
  status === "succeeded" ? { _tag: "Captured", amount_cents: amount_received } : undefined

export const voided = ({ status }: Stripe.PaymentIntent): Cancellation | undefined =>
  status === "canceled" ? { _tag: "Voided" } : undefined
