/** What the provider says, and what becomes of it on the way. */
import { randomUUID } from "node:crypto"
import type { Mishap } from "./behaviour.ts"
import type { Entry } from "./books.ts"
import type { Refusal } from "./payment-intents.ts"
import { errorJson, intentJson, refundJson } from "./stripe-json.ts"

export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly request_id: string
  /** The request whose stored answer this is. */
  readonly original?: string
}
/** What goes over the wire: an answer, one nobody can read, a reset connection, or nothing. */
export type Reply = Answer | "garbage" | "reset" | "silence"

export const newRequestId = () => `req_${randomUUID().replaceAll("-", "").slice(0, 20)}`

export const refusalAnswer = (refusal: Refusal, request_id = newRequestId()): Answer => ({
  status: refusal.status,
  body: errorJson(refusal),
  request_id
})

export const apiError: Refusal = { status: 500, type: "api_error", message: "An unknown error occurred" }

export const keyInUse: Refusal = {
  status: 409,
  type: "idempotency_error",
  code: "idempotency_key_in_use",
  message: "There is currently another in-progress request using this Idempotent Key. Please try again later."
}

export const keyMisused = (key: string): Refusal => ({
  status: 400,
  type: "idempotency_error",
  message: "Keys for idempotent requests can only be used with the same parameters they were first used with. " +
    `Try using a key other than '${key}' if you meant to execute a different request.`
})

export const answerOf = (entry: Entry): Answer => ({
  status: entry.stored_status ?? 500,
  body: bodyOf(entry),
  request_id: entry.request_id
})

const bodyOf = ({ intent, operation, refund, refusal }: Entry): unknown => {
  const tellsIntent = operation !== "refund" && refusal?.type !== "api_error"
  if (refusal !== null) return errorJson(refusal, tellsIntent ? intent ?? undefined : undefined)
  return refund !== null ? refundJson(refund) : intent !== null ? intentJson(intent) : errorJson(apiError)
}

export const deliver = (mishap: Mishap | undefined, answer: Answer): Reply => {
  switch (mishap) {
    case "timeout_before":
    case "timeout_after":
      return "silence"
    case "reset_before":
    case "reset_after":
      return "reset"
    case "garbage_before":
    case "garbage_after":
      return "garbage"
    case "500_before":
    case "500_after":
      return refusalAnswer(apiError, answer.request_id)
    default:
      return answer
  }
}
