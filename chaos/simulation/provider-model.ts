import type { ProviderPayment } from "@surety/payment/provider-words"

interface Held {
  readonly provider_id: string
  readonly reference: string
  readonly amount_cents: number
  readonly created_at: number
  /** The bank's own no to a capture. */
  readonly capture_refused: boolean
  status: "held" | "captured" | "canceled" | "declined"
  captured_cents: number
  captures: number
  refunded_cents: number
}

export type Word =
  | { readonly _tag: "Authorized"; readonly provider_id: string; readonly amount_cents: number }
  | { readonly _tag: "Declined"; readonly decline_code: string; readonly message: string; readonly provider_id: string }
  | { readonly _tag: "Captured" | "AlreadyCaptured"; readonly amount_cents: number }
  | { readonly _tag: "Refused"; readonly code: string }
  | { readonly _tag: "Voided" | "AlreadyVoided" }
  | { readonly _tag: "Refunded"; readonly refund_id: string; readonly amount_cents: number }
  | { readonly _tag: "Spent" }

/** What a payment provider does and remembers: each key stands for one request for ever, also for one that it failed to do. */
export class ProviderModel {
  readonly payments = new Map<string, Held>()
  private readonly answers = new Map<string, Word>()
  private readonly now: () => number

  constructor(now: () => number) {
    this.now = now
  }

  /** Does something once a key, and says the same ever after. */
  private once(key: string, work: () => Word): Word {
    const known = this.answers.get(key)
    if (known !== undefined) return known
    const answer = work()
    this.answers.set(key, answer)
    return answer
  }

  /** A failure that is remembered under a key: from then on it is spent, whether or not its request was done. */
  readonly burn = (key: string, work: () => Word, isDone: boolean): void => {
    if (this.answers.has(key)) return
    if (isDone) work()
    this.answers.set(key, { _tag: "Spent" })
  }

  readonly authorize = (
    key: string,
    reference: string,
    amount_cents: number,
    manner: "good" | "declined" | "capture_refused"
  ) =>
    this.once(key, () => {
      const provider_id = `pi_${this.payments.size + 1}`
      this.payments.set(provider_id, {
        provider_id,
        reference,
        amount_cents,
        created_at: this.now(),
        capture_refused: manner === "capture_refused",
        status: manner === "declined" ? "declined" : "held",
        captured_cents: 0,
        captures: 0,
        refunded_cents: 0
      })
      return manner === "declined"
        ? { _tag: "Declined", decline_code: "insufficient_funds", message: "no", provider_id }
        : { _tag: "Authorized", provider_id, amount_cents }
    })

  readonly capture = (key: string, provider_id: string, amount_cents: number) =>
    this.once(key, () => {
      const payment = this.payments.get(provider_id)!
      if (payment.status === "captured") return { _tag: "AlreadyCaptured", amount_cents: payment.captured_cents }
      if (payment.status === "canceled") return { _tag: "Refused", code: "canceled" }
      if (payment.capture_refused) return { _tag: "Refused", code: "do_not_honor" }
      payment.status = "captured"
      payment.captured_cents += amount_cents
      payment.captures += 1
      return { _tag: "Captured", amount_cents }
    })

  readonly cancel = (key: string, provider_id: string) =>
    this.once(key, () => {
      const payment = this.payments.get(provider_id)!
      if (payment.status === "captured") return { _tag: "AlreadyCaptured", amount_cents: payment.captured_cents }
      if (payment.status === "canceled") return { _tag: "AlreadyVoided" }
      payment.status = "canceled"
      return { _tag: "Voided" }
    })

  readonly refund = (key: string, provider_id: string, amount_cents: number) =>
    this.once(key, () => {
      const payment = this.payments.get(provider_id)!
      if (payment.captured_cents - payment.refunded_cents < amount_cents) return { _tag: "Refused", code: "too_much" }
      payment.refunded_cents += amount_cents
      return { _tag: "Refunded", refund_id: `re_${key}`, amount_cents }
    })

  readonly view = (payment: Held): ProviderPayment => ({
    provider_id: payment.provider_id,
    reference: payment.reference,
    status: payment.status,
    amount_cents: payment.amount_cents,
    held_cents: payment.status === "held" ? payment.amount_cents : 0,
    captured_cents: payment.captured_cents,
    refunded_cents: payment.refunded_cents,
    currency: "usd",
    created_at: new Date(payment.created_at)
  })

  /** Newest first. */
  readonly all = (): ReadonlyArray<ProviderPayment> => [...this.payments.values()].toReversed().map(this.view)
}
