import type { OrderId } from "@surety/domain/ids"
import type { Finding, Intent, PaymentRow } from "@surety/payment/payment-store"
import type { RefundRow } from "@surety/payment/refund-store"

type Mutable<A> = { -readonly [Key in keyof A]: A[Key] }
type Refund = Mutable<RefundRow>

/** From which status which finding may follow; the SQL has the same pairs. */
const mayFollow: Readonly<Record<Finding["status"], ReadonlyArray<PaymentRow["status"]>>> = {
  AUTHORIZED: ["AUTHORIZING"],
  DECLINED: ["AUTHORIZING"],
  CAPTURED: ["AUTHORIZED", "CAPTURE_REFUSED"],
  CAPTURE_REFUSED: ["AUTHORIZED"],
  VOIDED: ["AUTHORIZED", "CAPTURE_REFUSED"]
}

/** What the payment service's SQL does, statement by statement, in memory; a test lets both do the same and compares. */
export class PaymentModel {
  readonly payments = new Map<OrderId, Mutable<PaymentRow>>()
  readonly refunds = new Map<string, Refund>()
  private readonly now: () => number

  constructor(now: () => number) {
    this.now = now
  }

  private add(reference: OrderId, row: Pick<PaymentRow, "status" | "amount_cents" | "currency" | "token">) {
    const at = new Date(this.now()).toISOString()
    const payment: Mutable<PaymentRow> = {
      authorization_id: reference,
      reference,
      ...row,
      captured_cents: 0,
      refunded_cents: 0,
      provider_id: null,
      refusal_code: null,
      created_at: at,
      updated_at: at
    }
    this.payments.set(reference, payment)
    return payment
  }

  byReferences(references: ReadonlyArray<OrderId>): ReadonlyArray<PaymentRow> {
    return references.flatMap((reference) => {
      const row = this.payments.get(reference)
      return row === undefined ? [] : [{ ...row }]
    })
  }

  intend(intents: ReadonlyArray<Intent>): ReadonlyArray<PaymentRow | undefined> {
    return intents.map(({ amount_cents, currency, reference, token }) =>
      this.payments.has(reference)
        ? undefined
        : { ...this.add(reference, { status: "AUTHORIZING", amount_cents, currency, token }) }
    )
  }

  entomb(references: ReadonlyArray<OrderId>): void {
    for (const reference of references) {
      if (!this.payments.has(reference)) {
        this.add(reference, { status: "VOIDED", amount_cents: 0, currency: "usd", token: null })
      }
    }
  }

  record(findings: ReadonlyArray<Finding>): ReadonlyArray<PaymentRow | undefined> {
    return findings.map((finding) => {
      const row = this.payments.get(finding.reference)
      if (row === undefined || !mayFollow[finding.status].includes(row.status)) return undefined
      row.status = finding.status
      row.provider_id = finding.provider_id ?? row.provider_id
      row.captured_cents = finding.captured_cents ?? row.captured_cents
      row.refusal_code = finding.refusal_code ?? row.refusal_code
      row.token = null
      return { ...row }
    })
  }

  intendRefund(reference: OrderId, key: string, amount_cents: number | undefined): RefundRow | undefined {
    const row = this.payments.get(reference)
    const known = this.refunds.get(`${reference} ${key}`)
    if (known !== undefined || row?.status !== "CAPTURED") return known && { ...known }
    const asked = [...this.refunds.values()].filter((r) => r.reference === reference && r.status !== "REFUSED")
      .reduce((sum, refund) => sum + refund.amount_cents, 0)
    const left = row.captured_cents - asked
    const amount = amount_cents ?? left
    if (amount < 1 || amount > left) return undefined
    const refund: Refund = { reference, key, amount_cents: amount, status: "REQUESTED" }
    this.refunds.set(`${reference} ${key}`, refund)
    return { ...refund }
  }

  refundDone({ key, reference }: RefundRow): void {
    const refund = this.refunds.get(`${reference} ${key}`)
    const row = this.payments.get(reference)
    if (refund?.status !== "REQUESTED" || row === undefined) return
    refund.status = "DONE"
    row.refunded_cents += refund.amount_cents
    if (row.refunded_cents === row.captured_cents) row.status = "REFUNDED"
  }

  refundRefused({ key, reference }: RefundRow): void {
    const refund = this.refunds.get(`${reference} ${key}`)
    if (refund?.status === "REQUESTED") refund.status = "REFUSED"
  }
}
