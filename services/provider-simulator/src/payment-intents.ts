/**
 * The life of a payment at the provider, as pure functions: an intent and a wish in, what becomes of them out.
 *
 *   requires_confirmation ─▶ requires_capture ─▶ succeeded (then refunds, up to what was captured)
 *            │                     └─▶ canceled     by us, or by itself when the authorization expires
 *            └─▶ requires_payment_method            declined; holds nothing, may be confirmed again or canceled
 */
import { type Decline, isDecline, type Verdict } from "./behaviour.ts"

export type IntentStatus =
  | "requires_confirmation"
  | "requires_payment_method"
  | "requires_capture"
  | "succeeded"
  | "canceled"

export interface Intent {
  readonly id: string
  readonly charge_id: string
  readonly reference: string | null
  readonly metadata: Readonly<Record<string, string>>
  readonly token: string | null
  readonly amount: number
  readonly currency: string
  readonly capture_method: "manual" | "automatic"
  readonly status: IntentStatus
  readonly captured: number
  readonly refunded: number
  /** Seconds since 1970, as Stripe counts. */
  readonly created: number
  readonly canceled_at: number | null
  readonly cancellation_reason: string | null
  readonly decline: Decline | null
}

export interface Refund {
  readonly id: string
  readonly intent_id: string
  readonly charge_id: string
  readonly amount: number
  readonly currency: string
  readonly created: number
  readonly metadata: Readonly<Record<string, string>>
}

/** A definite no, in the words of Stripe's error object. */
export interface Refusal {
  readonly status: number
  readonly type: "card_error" | "invalid_request_error" | "idempotency_error" | "api_error"
  readonly code?: string
  readonly decline_code?: string
  readonly param?: string
  readonly message: string
}

export type Effect = "none" | "created" | "declined" | "authorized" | "captured" | "canceled" | "expired" | "refunded"

export interface Decision {
  readonly effect: Effect
  /** What the effect moved, in minor units: held, taken, let go or given back. */
  readonly amount: number
  readonly intent: Intent
  readonly refund?: Refund
  readonly refusal?: Refusal
}

const refuse = (intent: Intent, refusal: Refusal): Decision => ({ effect: "none", amount: 0, intent, refusal })

const cardErrors = {
  decline_insufficient: ["card_declined", "insufficient_funds", "Your card has insufficient funds."],
  decline_expired: ["expired_card", "expired_card", "Your card has expired."],
  decline_generic: ["card_declined", "generic_decline", "Your card was declined."],
  refused: ["card_declined", "do_not_honor", "Your card was declined."]
} as const

export const cardError = (verdict: Decline | "refused"): Refusal => {
  const [code, decline_code, message] = cardErrors[verdict]
  return { status: 402, type: "card_error", code, decline_code, message }
}

const unexpectedState = (verb: string, intent: Intent, allowed: ReadonlyArray<IntentStatus>): Refusal => ({
  status: 400,
  type: "invalid_request_error",
  code: "payment_intent_unexpected_state",
  message: `This PaymentIntent could not be ${verb} because it has a status of ${intent.status}. ` +
    `Only a PaymentIntent with one of the following statuses may be ${verb}: ${allowed.join(", ")}.`
})

const invalid = (code: string, message: string, param?: string): Refusal => ({
  status: 400,
  type: "invalid_request_error",
  code,
  message,
  ...(param === undefined ? {} : { param })
})

const confirmable: ReadonlyArray<IntentStatus> = ["requires_confirmation", "requires_payment_method"]
const cancelable: ReadonlyArray<IntentStatus> = [...confirmable, "requires_capture"]

/** Puts the hold on the card (and takes the money at once, if capture is automatic). */
export const confirm = (intent: Intent, verdict: Verdict | undefined): Decision => {
  if (!confirmable.includes(intent.status)) return refuse(intent, unexpectedState("confirmed", intent, confirmable))
  if (verdict !== undefined && isDecline(verdict)) {
    const declined: Intent = { ...intent, status: "requires_payment_method", decline: verdict }
    return { effect: "declined", amount: 0, intent: declined, refusal: cardError(verdict) }
  }
  if (intent.capture_method === "manual") {
    return {
      effect: "authorized",
      amount: intent.amount,
      intent: { ...intent, status: "requires_capture", decline: null }
    }
  }
  const taken: Intent = { ...intent, status: "succeeded", captured: intent.amount, decline: null }
  return { effect: "captured", amount: intent.amount, intent: taken }
}

/**
 * Takes the held money, or less of it and lets the rest go. `expired`: the hold is gone and the intent with it.
 * `refused`: the bank says no but the hold stays, so whoever forgets to cancel it keeps a customer's money on ice.
 */
export const capture = (
  intent: Intent,
  amount: number | undefined,
  verdict: Verdict | undefined,
  now: number
): Decision => {
  if (intent.status === "succeeded") {
    const message = "This PaymentIntent could not be captured because it has already been captured."
    return refuse(intent, invalid("payment_intent_unexpected_state", message))
  }
  if (intent.status !== "requires_capture") {
    return refuse(intent, unexpectedState("captured", intent, ["requires_capture"]))
  }
  if (verdict === "expired") {
    const gone: Intent = { ...intent, status: "canceled", canceled_at: now, cancellation_reason: "automatic" }
    const message = `Charge ${intent.charge_id} cannot be captured because the charge has expired.`
    return {
      effect: "expired",
      amount: intent.amount,
      intent: gone,
      refusal: invalid("charge_expired_for_capture", message)
    }
  }
  if (verdict !== undefined) return refuse(intent, cardError("refused"))
  const taken = amount ?? intent.amount
  if (taken > intent.amount) {
    const message =
      `The provided amount_to_capture (${taken}) is greater than the capturable amount (${intent.amount}).`
    return refuse(intent, invalid("amount_too_large", message, "amount_to_capture"))
  }
  return { effect: "captured", amount: taken, intent: { ...intent, status: "succeeded", captured: taken } }
}

/** Lets the hold go. */
export const cancel = (intent: Intent, reason: string | null, now: number): Decision => {
  if (!cancelable.includes(intent.status)) return refuse(intent, unexpectedState("canceled", intent, cancelable))
  const held = intent.status === "requires_capture" ? intent.amount : 0
  const canceled: Intent = { ...intent, status: "canceled", canceled_at: now, cancellation_reason: reason }
  return { effect: "canceled", amount: held, intent: canceled }
}

/** Gives captured money back: all that is left of it unless told how much. */
export const refund = (
  intent: Intent,
  wish: { readonly id: string; readonly amount: number | undefined; readonly metadata: Refund["metadata"] },
  verdict: Verdict | undefined,
  now: number
): Decision => {
  const left = intent.captured - intent.refunded
  if (intent.status !== "succeeded") {
    const message = `This PaymentIntent (${intent.id}) does not have a successful charge to refund.`
    return refuse(intent, invalid("payment_intent_unexpected_state", message, "payment_intent"))
  }
  if (left === 0) {
    return refuse(intent, invalid("charge_already_refunded", `Charge ${intent.charge_id} has already been refunded.`))
  }
  if (verdict !== undefined) {
    return refuse(
      intent,
      invalid("charge_disputed", `Charge ${intent.charge_id} has been charged back; cannot issue a refund.`)
    )
  }
  const amount = wish.amount ?? left
  if (amount > left) {
    const message = `Refund amount (${amount}) is greater than unrefunded amount on charge (${left}).`
    return refuse(intent, invalid("amount_too_large", message, "amount"))
  }
  const given: Refund = {
    id: wish.id,
    intent_id: intent.id,
    charge_id: intent.charge_id,
    amount,
    currency: intent.currency,
    created: now,
    metadata: wish.metadata
  }
  return { effect: "refunded", amount, intent: { ...intent, refunded: intent.refunded + amount }, refund: given }
}
