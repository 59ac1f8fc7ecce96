import type { AtProvider } from "@surety/contracts/provider-books-api"
import type { FindingKind } from "@surety/contracts/reconciliation-api"
import type { BookedOrder, OrderFacts } from "./reconcile-facts.ts"

/** The one right answer to what was found, asked of the service whose books it is about. */
export type Remedy = "settle" | "agree" | "capture" | "void" | "refund" | "release" | "commit" | "confirm" | "cancel"

export interface Verdict {
  readonly kind: FindingKind
  /** The payment at the provider that it is about; empty where it is about none. */
  readonly provider_id: string
  /** `null`: there is more than one answer, or none; a person has to look. */
  readonly remedy: Remedy | null
}

/** What is done with a hold that no book of ours knows: others may use our account with references like ours. */
export type Strays = "let_go" | "park"

type Payment = NonNullable<BookedOrder["payment"]>
type End = "completed" | "failed" | "none"

const kept = ({ captured_cents, refunded_cents }: AtProvider) => captured_cents - refunded_cents

const found = (kind: FindingKind, remedy: Remedy | null, provider_id = ""): ReadonlyArray<Verdict> => [
  { kind, provider_id, remedy }
]
const nothing: ReadonlyArray<Verdict> = []

/** A record that counts on its payment at the provider. */
const standing: ReadonlySet<string> = new Set(["AUTHORIZED", "CAPTURE_REFUSED", "CAPTURED", "REFUNDED"])

/** An order that was fulfilled: its total was taken, once, and record and provider say so. */
const ofCompleted = (total: number, currency: string, record: Payment, own: AtProvider | undefined) => {
  const id = record.provider_id ?? ""
  const [isTaken, isHeld] = [(own?.captured_cents ?? 0) > 0, (own?.held_cents ?? 0) > 0]
  if (!standing.has(record.status)) {
    return found(isTaken ? "capture_without_record" : "record_without_capture", null, id)
  }
  const amounts = [record.amount_cents, own?.amount_cents ?? total, own?.captured_cents || total]
  const currencies = [record.currency, own?.currency ?? currency]
  if (amounts.some((cents) => cents !== total) || currencies.some((one) => one !== currency)) {
    return found("wrong_amount", null, id)
  }
  switch (record.status) {
    case "CAPTURED":
    case "REFUNDED":
      if (record.captured_cents !== total) return found("wrong_amount", null, id)
      if (isTaken) return ofRefunds(record, own!)
      return found("record_without_capture", isHeld ? "agree" : null, id)
    case "AUTHORIZED":
      if (isTaken) return found("capture_without_record", "agree", id)
      return found("record_without_capture", isHeld ? "capture" : null, id)
    default:
      return isTaken ? found("capture_without_record", "agree", id) : found("record_without_capture", null, id)
  }
}

const ofRefunds = (record: Payment, own: AtProvider) => {
  if (own.refunded_cents < record.refunded_cents) return found("missing_refund", "agree", own.provider_id)
  const isExplained = own.refunded_cents === record.refunded_cents || record.refund_open
  return isExplained ? nothing : found("wrong_amount", null, own.provider_id)
}

/** An order that failed: no money is held or kept. */
const ofFailed = (record: Payment, own: AtProvider | undefined) => {
  const id = record.provider_id ?? ""
  const isKept = own !== undefined && kept(own) > 0
  const isHeld = own !== undefined && own.held_cents > 0
  switch (record.status) {
    case "AUTHORIZING":
    case "AUTHORIZED":
    case "CAPTURE_REFUSED":
      return found(isKept ? "missing_refund" : "hold_without_order", "void", id)
    case "CAPTURED":
      return found("missing_refund", "refund", id)
    case "REFUNDED":
      if (isKept) return found("missing_refund", "agree", id)
      return isHeld ? found("hold_without_order", null, id) : nothing
    default:
      if (isKept) return found("missing_refund", "settle", id)
      return isHeld ? found("hold_without_order", "settle", id) : nothing
  }
}

/** No order at all: somebody asked our payment service for money by hand, or nobody did. */
const ofNone = (record: Payment, own: AtProvider | undefined, strays: Strays) => {
  const id = record.provider_id ?? ""
  if (record.status === "REFUNDED") return ofFailed(record, own)
  if (record.status !== "VOIDED" && record.status !== "DECLINED") return found("payment_without_order", null, id)
  if (own === undefined) return nothing
  return ofStray("none", false, own, strays)
}

/** A payment at the provider that no record counts on, with money in it. `elsewhere`: the order's own is right beside it. */
const ofStray = (end: End, elsewhere: boolean, stray: AtProvider, strays: Strays): ReadonlyArray<Verdict> => {
  const { held_cents, provider_id } = stray
  if (held_cents > 0) {
    const kind = elsewhere ? "double_hold" : "hold_without_order"
    // Of an order that was fulfilled and not paid otherwise, this may be the only money there is.
    const isNeeded = end === "completed" && !elsewhere
    const isForeign = end === "none" && strays === "park"
    return found(kind, isNeeded || isForeign ? null : "settle", provider_id)
  }
  if (kept(stray) <= 0) return nothing
  if (end === "failed") return found("missing_refund", "settle", provider_id)
  return found("capture_without_record", end === "completed" && elsewhere ? "settle" : null, provider_id)
}

const moneyOf = (facts: OrderFacts, end: End, all: ReadonlyArray<AtProvider>, strays: Strays) => {
  const { entry, payment: record } = facts
  const own = record === null ? undefined : all.find(({ provider_id }) => provider_id === record.provider_id)
  const ofOwn = () => {
    if (record === null) return end === "completed" ? found("record_without_capture", null) : nothing
    if (end === "completed") return ofCompleted(entry!.total_cents, entry!.currency, record, own)
    return end === "failed" ? ofFailed(record, own) : ofNone(record, own, strays)
  }
  const verdicts = ofOwn()
  // Which of two is the order's own is not known before its authorization is settled.
  if (record?.status === "AUTHORIZING") return verdicts
  const stands = record !== null && standing.has(record.status)
  const isPaid = (own?.captured_cents ?? 0) > 0 && own?.captured_cents === entry?.total_cents
  const elsewhere = end === "completed" ? stands && isPaid : stands
  return verdicts.concat(all.filter((one) => one !== own).flatMap((one) => ofStray(end, elsewhere, one, strays)))
}

const stockOf = ({ reservation }: BookedOrder, end: End): ReadonlyArray<Verdict> => {
  const status = reservation?.expires === true ? undefined : reservation?.status
  if (end === "completed") {
    return status === "COMMITTED" ? nothing : found("leaked_reservation", status === "HELD" ? "commit" : null)
  }
  if (status !== "HELD" && status !== "COMMITTED") return nothing
  return found("leaked_reservation", end === "failed" && status === "HELD" ? "release" : null)
}

const recordOf = ({ entry, order }: BookedOrder, end: End): ReadonlyArray<Verdict> => {
  const status = order?.status
  if (end === "completed") {
    if (status === "CONFIRMED") return order?.total_cents === entry?.total_cents ? nothing : found("wrong_amount", null)
    return found("order_at_odds", status === "PENDING" ? "confirm" : null)
  }
  if (status === undefined || status === "CANCELLED") return nothing
  return found("order_at_odds", end === "failed" && status === "PENDING" ? "cancel" : null)
}

/** Whether a verdict is about money, which cannot be judged while the provider does not answer. */
export const isAboutMoney = ({ kind, provider_id }: Pick<Verdict, "kind" | "provider_id">): boolean =>
  kind !== "leaked_reservation" && kind !== "order_at_odds" && (kind !== "wrong_amount" || provider_id !== "")

/**
 * What does not fit together in an order that has come to rest, and the one right answer to each, if there is one. An order
 * under way is the saga's business. Pure: the same books, the same verdicts.
 */
export const verdictsOn = (facts: OrderFacts, strays: Strays): ReadonlyArray<Verdict> => {
  if (!facts.rests) return nothing
  const end = facts.entry === null ? "none" : facts.entry.status === "COMPLETED" ? "completed" : "failed"
  const money = facts.at_provider === undefined ? nothing : moneyOf(facts, end, facts.at_provider, strays)
  return [...money, ...stockOf(facts, end), ...recordOf(facts, end)]
}

/** What was seen of a matter, in a line for people; the same books give the same line. */
export const seenIn = (facts: OrderFacts, about: Pick<Verdict, "provider_id">): string => {
  const { at_provider, entry, order, payment, reservation } = facts
  const id = about.provider_id === "" ? payment?.provider_id : about.provider_id
  const there = at_provider?.find(({ provider_id }) => provider_id === id)
  const cents = (
    of: { readonly amount_cents: number; readonly captured_cents: number; readonly refunded_cents: number }
  ) => `${of.amount_cents}, captured ${of.captured_cents}, refunded ${of.refunded_cents}`
  return [
    entry === null ? "no entry" : `entry ${entry.status} ${entry.total_cents} ${entry.currency}`,
    payment === null ? "no record" : `record ${payment.status} ${cents(payment)}`,
    there === undefined ? "not at the provider" : `provider ${there.status} ${cents(there)}`,
    order === null ? "no order" : `order ${order.status} ${order.total_cents ?? ""}`.trimEnd(),
    reservation === null ? "no reservation" : `reservation ${reservation.status}`
  ].join("; ")
}
