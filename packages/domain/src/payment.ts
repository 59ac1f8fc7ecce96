import { Schema } from "effect"

/**
 * AUTHORIZING: the intent is on disk, the provider's answer is not known. VOIDED may also stand for a reference the
 * provider never heard of: a tombstone that refuses a late authorization.
 */
export const PaymentStatus = Schema.Literals([
  "AUTHORIZING",
  "AUTHORIZED",
  "DECLINED",
  "CAPTURED",
  "CAPTURE_REFUSED",
  "VOIDED",
  "REFUNDED"
]).annotate({ identifier: "PaymentStatus" })
export type PaymentStatus = typeof PaymentStatus.Type
