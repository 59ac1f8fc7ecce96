/** The simulator's records in the shapes of Stripe's REST API, as far as the official client and its users look. */
import type { Decline } from "./behaviour.ts"
import { cardError, type Intent, type Refund, type Refusal } from "./payment-intents.ts"

const docs = (code: string) => `https://stripe.com/docs/error-codes/${code.replaceAll("_", "-")}`

export const intentJson = (intent: Intent, expandCharge = false): Record<string, unknown> => ({
  id: intent.id,
  object: "payment_intent",
  amount: intent.amount,
  allowed_payment_method_types: ["card"],
  amount_capturable: intent.status === "requires_capture" ? intent.amount : 0,
  amount_details: { tip: {} },
  amount_received: intent.captured,
  application: null,
  application_fee_amount: null,
  automatic_payment_methods: null,
  canceled_at: intent.canceled_at,
  cancellation_reason: intent.cancellation_reason,
  capture_method: intent.capture_method,
  client_secret: `${intent.id}_secret_simulated`,
  confirmation_method: "automatic",
  created: intent.created,
  currency: intent.currency,
  customer: null,
  description: null,
  last_payment_error: intent.decline === null ? null : lastError(intent, intent.decline),
  latest_charge: wasCharged(intent) ? expandCharge ? chargeJson(intent) : intent.charge_id : null,
  livemode: false,
  metadata: intent.metadata,
  next_action: null,
  on_behalf_of: null,
  payment_method: intent.status === "requires_payment_method" || intent.token === null ? null : methodId(intent),
  payment_method_options: { card: { request_three_d_secure: "automatic" } },
  payment_method_types: ["card"],
  processing: null,
  receipt_email: null,
  setup_future_usage: null,
  shipping: null,
  statement_descriptor: null,
  statement_descriptor_suffix: null,
  status: intent.status,
  transfer_data: null,
  transfer_group: null
})

const methodId = (intent: Intent) => `pm_${intent.id.slice("pi_".length)}`

const wasCharged = (intent: Intent) =>
  intent.decline !== null || intent.captured > 0 || intent.status === "requires_capture" ||
  (intent.status === "canceled" && intent.token !== null)

const lastError = (intent: Intent, decline: Decline) => ({
  ...errorBody(cardError(decline)),
  charge: intent.charge_id,
  payment_method: { id: methodId(intent), object: "payment_method", type: "card" }
})

const chargeJson = (intent: Intent): Record<string, unknown> => ({
  id: intent.charge_id,
  object: "charge",
  amount: intent.amount,
  amount_captured: intent.captured,
  amount_refunded: intent.refunded,
  captured: intent.captured > 0,
  created: intent.created,
  currency: intent.currency,
  livemode: false,
  metadata: intent.metadata,
  paid: intent.decline === null,
  payment_intent: intent.id,
  refunded: intent.captured > 0 && intent.refunded === intent.captured,
  status: intent.decline === null ? "succeeded" : "failed"
})

export const refundJson = (refund: Refund): Record<string, unknown> => ({
  id: refund.id,
  object: "refund",
  amount: refund.amount,
  balance_transaction: null,
  charge: refund.charge_id,
  created: refund.created,
  currency: refund.currency,
  destination_details: { card: { type: "refund" }, type: "card" },
  metadata: refund.metadata,
  payment_intent: refund.intent_id,
  reason: null,
  receipt_number: null,
  source_transfer_reversal: null,
  status: "succeeded",
  transfer_reversal: null
})

const errorBody = (refusal: Refusal) => ({
  ...refusal,
  status: undefined,
  ...(refusal.code === undefined ? {} : { doc_url: docs(refusal.code) })
})

/** An error answer; errors about an intent carry the intent, which is how a client learns that it came too late. */
export const errorJson = (refusal: Refusal, intent?: Intent): Record<string, unknown> => ({
  error: {
    ...errorBody(refusal),
    ...(intent === undefined ? {} : { payment_intent: intentJson(intent) }),
    ...(intent !== undefined && refusal.type === "card_error" ? { charge: intent.charge_id } : {})
  }
})

export const listJson = (url: string, data: ReadonlyArray<unknown>, has_more: boolean) => ({
  object: "list",
  url,
  has_more,
  data
})

export const searchJson = (url: string, data: ReadonlyArray<unknown>) => ({
  object: "search_result",
  url,
  has_more: false,
  next_page: null,
  data
})
