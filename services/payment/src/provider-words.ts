/**
 * What a payment provider can say. Every word is definite but one: `ProviderUnknown` says nothing about the effect.
 */
import { Schema } from "effect"

/** Why nothing is known. `key_spent`: the provider stored a failure under this key and will repeat it to this key. */
export const UnknownReason = Schema.Literals([
  "timed_out",
  "connection",
  "server_error",
  "rate_limited",
  "unreadable",
  "in_flight",
  "key_spent",
  "not_final",
  "not_understood",
  "breaker_open"
])
export type UnknownReason = typeof UnknownReason.Type

export const ProviderOperation = Schema.Literals([
  "authorize",
  "capture",
  "cancel",
  "refund",
  "retrieve",
  "find",
  "list"
])
export type ProviderOperation = typeof ProviderOperation.Type

/** Nothing is known about the effect. Not a failure of the payment: the question is open and must be asked again. */
export class ProviderUnknown extends Schema.TaggedError<ProviderUnknown>()("ProviderUnknown", {
  operation: ProviderOperation,
  reason: UnknownReason,
  detail: Schema.String
}) {
  override get message(): string {
    return `${this.operation}: ${this.reason}: ${this.detail}`
  }
}

/** The money is held; or the bank said no and nothing is held. */
export type Authorization =
  | { readonly _tag: "Authorized"; readonly provider_id: string; readonly amount_cents: number }
  | {
    readonly _tag: "Declined"
    readonly decline_code: string
    readonly message: string
    /** The declined payment at the provider, if it made one. It holds nothing. */
    readonly provider_id?: string
  }

/**
 * `Refused` is definite: this authorization will not be captured. Codes are `expired`, `canceled`, `not_authorized` or
 * the provider's own (`do_not_honor`, `amount_too_large`, …). The hold may still stand, so cancel afterwards.
 */
export type Capture =
  | { readonly _tag: "Captured"; readonly amount_cents: number }
  | { readonly _tag: "AlreadyCaptured"; readonly amount_cents: number }
  | { readonly _tag: "Refused"; readonly code: string }

/** After `Voided` and `AlreadyVoided` nothing is held; `AlreadyCaptured` came too late and needs a refund. */
export type Cancellation =
  | { readonly _tag: "Voided" }
  | { readonly _tag: "AlreadyVoided" }
  | { readonly _tag: "AlreadyCaptured"; readonly amount_cents: number }

/** `charge_already_refunded` is refused too: the money is back, but by another refund than the one asked for. */
export type Refund =
  | { readonly _tag: "Refunded"; readonly refund_id: string; readonly amount_cents: number }
  | { readonly _tag: "Refused"; readonly code: string }

/** One payment as the provider sees it. */
export interface ProviderPayment {
  readonly provider_id: string
  /** Our reference, if the payment is one of ours. */
  readonly reference: string | null
  /** `unfinished` is neither here nor there yet; `canceled`, `expired` and `declined` hold nothing. */
  readonly status: "held" | "captured" | "canceled" | "expired" | "declined" | "unfinished"
  readonly amount_cents: number
  readonly held_cents: number
  readonly captured_cents: number
  readonly refunded_cents: number
  /** ISO 4217 in lower case. */
  readonly currency: string
  readonly created_at: Date
}

/** What a payment's own state answers to a capture; nothing, as long as the capture may still succeed. */
export const captureIn = ({ captured_cents, status }: ProviderPayment): Capture | undefined => {
  if (status === "captured") return { _tag: "AlreadyCaptured", amount_cents: captured_cents }
  if (status === "held" || status === "unfinished") return undefined
  return { _tag: "Refused", code: status === "declined" ? "not_authorized" : status }
}

/** What a payment's own state answers to a cancellation; nothing, as long as it may still be canceled. */
export const cancellationIn = ({ captured_cents, status }: ProviderPayment): Cancellation | undefined => {
  if (status === "captured") return { _tag: "AlreadyCaptured", amount_cents: captured_cents }
  return status === "canceled" || status === "expired" ? { _tag: "AlreadyVoided" } : undefined
}
