/** Reads a POST of Stripe's API as a wish: checked, with its token and payment, and how to decide it. */
import { randomUUID } from "node:crypto"
import { type Operation, parseToken, type Verdict } from "./behaviour.ts"
import type { Books } from "./books.ts"
import {
  cancel,
  capture,
  confirm,
  type Decision,
  type Intent,
  type Refund,
  refund,
  type Refusal
} from "./payment-intents.ts"

/** Form fields as they came, flat: `metadata[reference]`. */
export type Params = ReadonlyMap<string, string>

export interface Wish {
  readonly operation: Operation
  readonly token: string | null
  readonly reference: string | null
  readonly provider_id: string | null
  /** Decides on the books as they are when it is called, which may be well after the wish was read. */
  readonly decide: (verdict: Verdict | undefined, now: number) => Decision
}

export const MAX_AMOUNT_CENTS = 99_999_999

/** A wish, or the refusal of a request that makes no sense; `undefined` when no such endpoint exists. */
export const readWish = (path: ReadonlyArray<string>, params: Params, books: Books): Wish | Refusal | undefined => {
  const [, resource, id, verb] = path
  if (resource === "refunds" && id === undefined) return readRefund(params, books)
  if (resource !== "payment_intents" || path.length > 4) return undefined
  if (id === undefined) return readCreate(params)
  const intent = books.intent(id)
  if (intent === undefined) return noSuch("payment_intent", id, 404, "intent")
  const current = () => books.intent(id) ?? intent
  switch (verb) {
    case "confirm":
      return readConfirm(intent, params, current)
    case "capture":
      return readCapture(intent, params, current)
    case "cancel": {
      const reason = params.get("cancellation_reason") ?? null
      return { ...about(intent, "cancel"), decide: (_, now) => cancel(current(), reason, now) }
    }
    default:
      return undefined
  }
}

export const isRefusal = (wish: Wish | Refusal): wish is Refusal => "type" in wish

const about = (intent: Intent, operation: Operation) => ({
  operation,
  token: intent.token,
  reference: intent.reference,
  provider_id: intent.id
})

const readCreate = (params: Params): Wish | Refusal => {
  const amount = readAmount(params, "amount")
  if (typeof amount === "object") return amount
  if (amount === undefined) return missing("amount")
  const currency = params.get("currency")
  if (currency === undefined || !/^[a-zA-Z]{3}$/.test(currency)) return missing("currency")
  const token = readToken(params)
  if (typeof token === "object") return token
  const confirmed = params.get("confirm") === "true"
  if (confirmed && token === undefined) return missing("payment_method")
  const metadata = readMetadata(params)
  const reference = metadata["reference"] ?? null
  const id = newId("pi")
  const draft = (now: number): Intent => ({
    id,
    charge_id: `ch_${id.slice("pi_".length)}`,
    reference,
    metadata,
    token: token ?? null,
    amount,
    currency: currency.toLowerCase(),
    capture_method: params.get("capture_method") === "manual" ? "manual" : "automatic",
    status: token === undefined ? "requires_payment_method" : "requires_confirmation",
    captured: 0,
    refunded: 0,
    created: now,
    canceled_at: null,
    cancellation_reason: null,
    decline: null
  })
  return {
    operation: "authorize",
    token: token ?? null,
    reference,
    provider_id: null,
    decide: (verdict, now) =>
      confirmed ? confirm(draft(now), verdict) : { effect: "created", amount: 0, intent: draft(now) }
  }
}

const readConfirm = (intent: Intent, params: Params, current: () => Intent): Wish | Refusal => {
  const given = readToken(params)
  if (typeof given === "object") return given
  const token = given ?? intent.token
  if (token === null) return missing("payment_method")
  return {
    ...about(intent, "authorize"),
    token,
    decide: (verdict) => confirm({ ...current(), token }, verdict)
  }
}

const readCapture = (intent: Intent, params: Params, current: () => Intent): Wish | Refusal => {
  const amount = readAmount(params, "amount_to_capture")
  if (typeof amount === "object") return amount
  return { ...about(intent, "capture"), decide: (verdict, now) => capture(current(), amount, verdict, now) }
}

const readRefund = (params: Params, books: Books): Wish | Refusal => {
  const amount = readAmount(params, "amount")
  if (typeof amount === "object") return amount
  const id = params.get("payment_intent")
  if (id === undefined) return missing("payment_intent")
  const intent = books.intent(id)
  if (intent === undefined) return noSuch("payment_intent", id, 404, "payment_intent")
  const wish = { id: newId("re"), amount, metadata: readMetadata(params) satisfies Refund["metadata"] }
  return {
    ...about(intent, "refund"),
    decide: (verdict, now) => refund(books.intent(id) ?? intent, wish, verdict, now)
  }
}

/** The card: Stripe takes a payment method's id or, in `payment_method_data`, a token. Here the one name is both. */
const readToken = (params: Params): string | undefined | Refusal => {
  const direct = params.get("payment_method")
  const param = direct === undefined ? "payment_method_data[card][token]" : "payment_method"
  const token = direct ?? params.get(param)
  if (token === undefined || parseToken(token) !== undefined) return token
  return noSuch(direct === undefined ? "token" : "PaymentMethod", token, 400, param)
}

const readAmount = (params: Params, name: string): number | undefined | Refusal => {
  const text = params.get(name)
  if (text === undefined) return undefined
  const amount = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (amount >= 1 && amount <= MAX_AMOUNT_CENTS) return amount
  const code = amount > MAX_AMOUNT_CENTS ? "amount_too_large" : "parameter_invalid_integer"
  return { status: 400, type: "invalid_request_error", code, param: name, message: `Invalid integer: ${text}` }
}

const readMetadata = (params: Params): Record<string, string> =>
  Object.fromEntries(
    [...params].flatMap(([name, value]) => {
      const found = /^metadata\[([^\]]{1,40})\]$/.exec(name)
      return found?.[1] === undefined ? [] : [[found[1], value]]
    })
  )

const missing = (param: string): Refusal => ({
  status: 400,
  type: "invalid_request_error",
  code: "parameter_missing",
  param,
  message: `Missing required param: ${param}.`
})

export const noSuch = (what: string, id: string, status: 400 | 404, param: string): Refusal => ({
  status,
  type: "invalid_request_error",
  code: "resource_missing",
  param,
  message: `No such ${what}: '${id}'`
})

const newId = (prefix: "pi" | "re") => `${prefix}_${randomUUID().replaceAll("-", "").slice(0, 24)}`
