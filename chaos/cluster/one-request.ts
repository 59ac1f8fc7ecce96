import { setTimeout as sleep } from "node:timers/promises"

/** What the edge answered to an order, as the customer will ask for it again. */
export interface EdgeAnswer {
  readonly status: number
  readonly text: string
  /** The order's id, where it was accepted. */
  readonly id: string | undefined
}

/** How patient a customer is. */
export interface Patience {
  /** How long he waits for one answer before he sends the same again. */
  readonly answer_seconds: number
  /** How long he repeats an order that is not answered. */
  readonly order_seconds: number
}

const FIRST_PAUSE_MILLIS = 60
const LAST_PAUSE_MILLIS = 1_000

const acceptedId = (text: string): string | undefined => {
  try {
    const id: unknown = JSON.parse(text).order_ledger_id
    return typeof id === "string" ? id : undefined
  } catch {
    return undefined
  }
}

/** An answer after which nobody asks again: accepted, or refused for a reason that stays. Garbage is not one. */
const definite = (status: number, text: string): EdgeAnswer | undefined => {
  if (status === 202) {
    const id = acceptedId(text)
    return id === undefined ? undefined : { status, text, id }
  }
  const passes = status === 408 || status === 409 || status === 429
  return status >= 400 && status < 500 && !passes && text.startsWith("{") ? { status, text, id: undefined } : undefined
}

/** One attempt. Undefined where nothing is known afterwards: a reset, a time-out, a 5xx, something unreadable. */
const attempt = async (edge: string, key: string, body: string, millis: number): Promise<EdgeAnswer | undefined> => {
  try {
    const response = await fetch(`${edge}/orders`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": key },
      body,
      signal: AbortSignal.timeout(millis)
    })
    return definite(response.status, await response.text())
  } catch {
    return undefined
  }
}

/** Sends one order, and the same again with the same key, until there is a definite answer or his patience is at its end. */
export const order = async (
  edge: string,
  key: string,
  body: string,
  { answer_seconds, order_seconds }: Patience
): Promise<{ readonly answer: EdgeAnswer | undefined; readonly attempts: number }> => {
  const end = performance.now() + order_seconds * 1000
  let pause = FIRST_PAUSE_MILLIS
  for (let attempts = 1;; attempts += 1) {
    const answer = await attempt(edge, key, body, answer_seconds * 1000)
    if (answer !== undefined || performance.now() > end) return { answer, attempts }
    await sleep(pause * (0.5 + Math.random()))
    pause = Math.min(pause * 2, LAST_PAUSE_MILLIS)
  }
}
