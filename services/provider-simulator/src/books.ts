/** The provider's books: everything it did, one entry an operation, and what follows from the entries. */
import type { Mishap, Operation, Verdict } from "./behaviour.ts"
import type { Effect, Intent, Refund, Refusal } from "./payment-intents.ts"

/** One line of the journal, complete enough to rebuild the books from nothing but their lines. */
export interface Entry {
  readonly sequence: number
  /** Milliseconds since 1970. */
  readonly at: number
  readonly request_id: string
  readonly operation: Operation
  readonly effect: Effect
  /** What the effect moved, in minor units. */
  readonly amount_cents: number
  readonly reference: string | null
  readonly provider_id: string | null
  readonly key: string | null
  readonly fingerprint: string | null
  readonly mishap: Mishap | null
  readonly verdict: Verdict | null
  /** The answer is a stored one, given again. */
  readonly replayed: boolean
  /** What the key answers from now on: `intent`, `refund` or `refusal` below. Null when nothing is remembered. */
  readonly stored_status: number | null
  readonly intent: Intent | null
  readonly refund: Refund | null
  readonly refusal: Refusal | null
}

/** Stripe may forget a key after a day, so a simulator that never did would hide what then happens. */
export const KEY_LIFETIME_MILLIS = 24 * 60 * 60 * 1000

/** Mishaps and verdicts are counted by payment. Before it has an id, it goes by our reference. */
export const subjectOf = (of: Pick<Entry, "operation" | "reference" | "provider_id" | "key">): string | null =>
  of.operation === "authorize" ? of.reference ?? of.key : of.provider_id

export class Books {
  readonly log: Array<Entry> = []
  /** In order of creation; `position` finds an id in it. */
  readonly intents: Array<Intent> = []
  readonly refunds: Array<Refund> = []
  readonly #intentPosition = new Map<string, number>()
  readonly #refundPosition = new Map<string, number>()
  readonly #byReference = new Map<string, Array<string>>()
  readonly #refundsOf = new Map<string, Array<Refund>>()
  readonly #kept = new Map<string, Entry>()
  readonly #misbehaved = new Map<string, number>()
  readonly #judged = new Map<string, number>()

  intent(id: string): Intent | undefined {
    return this.intents[this.#intentPosition.get(id) ?? -1]
  }

  intentPosition(id: string): number | undefined {
    return this.#intentPosition.get(id)
  }

  refund(id: string): Refund | undefined {
    return this.refunds[this.#refundPosition.get(id) ?? -1]
  }

  refundPosition(id: string): number | undefined {
    return this.#refundPosition.get(id)
  }

  refundsOf(intentId: string): ReadonlyArray<Refund> {
    return this.#refundsOf.get(intentId) ?? []
  }

  withReference(reference: string): ReadonlyArray<Intent> {
    return (this.#byReference.get(reference) ?? []).flatMap((id) => this.intent(id) ?? [])
  }

  /** The entry whose answer a key was given first, as long as the key is remembered. */
  kept(key: string, now: number): Entry | undefined {
    const entry = this.#kept.get(key)
    return entry === undefined || entry.at + KEY_LIFETIME_MILLIS <= now ? undefined : entry
  }

  /** How many conversations about this payment and operation have gone wrong so far. */
  misbehaved(operation: Operation, subject: string | null): number {
    return subject === null ? 0 : this.#misbehaved.get(`${operation}:${subject}`) ?? 0
  }

  /** How many verdicts this payment and operation have been given so far. */
  judged(operation: Operation, subject: string | null): number {
    return subject === null ? 0 : this.#judged.get(`${operation}:${subject}`) ?? 0
  }

  /** Takes an entry in: the same whether it happened just now or is read back from the journal. */
  apply(entry: Entry): void {
    this.log.push(entry)
    if (entry.effect !== "none" && entry.intent !== null) this.#putIntent(entry.intent)
    if (entry.effect === "refunded" && entry.refund !== null) this.#addRefund(entry.refund)
    if (entry.stored_status !== null && entry.key !== null) this.#keep(entry.key, entry)
    const subject = subjectOf(entry)
    if (subject === null) return
    const counted = `${entry.operation}:${subject}`
    if (entry.mishap !== null) this.#misbehaved.set(counted, (this.#misbehaved.get(counted) ?? 0) + 1)
    if (entry.verdict !== null) this.#judged.set(counted, (this.#judged.get(counted) ?? 0) + 1)
  }

  #putIntent(intent: Intent): void {
    const known = this.#intentPosition.get(intent.id)
    if (known !== undefined) {
      this.intents[known] = intent
      return
    }
    this.#intentPosition.set(intent.id, this.intents.push(intent) - 1)
    if (intent.reference !== null) append(this.#byReference, intent.reference, intent.id)
  }

  #addRefund(refund: Refund): void {
    this.#refundPosition.set(refund.id, this.refunds.push(refund) - 1)
    append(this.#refundsOf, refund.intent_id, refund)
  }

  #keep(key: string, entry: Entry): void {
    this.#kept.delete(key)
    this.#kept.set(key, entry)
    for (const [oldest, { at }] of this.#kept) {
      if (at + KEY_LIFETIME_MILLIS > entry.at) break
      this.#kept.delete(oldest)
    }
  }
}

const append = <A>(lists: Map<string, Array<A>>, name: string, item: A): void => {
  const list = lists.get(name)
  if (list === undefined) lists.set(name, [item])
  else list.push(item)
}
