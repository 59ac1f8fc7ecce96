import type { OrderId } from "@surety/domain/ids"
import { follows, isTerminal, type OrderStatus } from "@surety/domain/order-status"
import { answerTo, type StoredAnswer } from "@surety/edge-api/answer"
import type { HeldEntry, KnownEntry, NewEntry, Postponement, Settlement } from "@surety/edge-api/ledger-store"
import type { LedgerRow } from "@surety/orchestrator/ledger-row"
import type { Recording } from "@surety/saga/journal"

/** A row of `ledger.entries`, with its ticket. Times are milliseconds; a ticket of `undefined` is none. */
export interface Entry {
  readonly order: NewEntry
  readonly accepted_at: number
  status: OrderStatus
  undoing: string | null
  attempts: number
  fence: number
  lease_owner: string | null
  lease_until: number | null
  lease_expiries: number
  reason: string | null
  parked_reason: string | null
  warehouse_id: string | null
  answer: StoredAnswer | undefined
  next_run_at: number | undefined
}

export interface Lease {
  readonly owner: string
  readonly millis: number
}

const FIRST_FENCE = 1
const LEASE_KEPT = 0.75

/**
 * What the ledger's SQL does, statement by statement, in memory; a test lets both do the same and compares. What the schema
 * forbids is an error here too. `moved` hears of every change of status.
 */
export class LedgerModel {
  readonly entries = new Map<OrderId, Entry>()
  private readonly byKey = new Map<string, OrderId>()
  private readonly now: () => number
  private readonly moved: (entry: Entry, from: OrderStatus | undefined) => void

  constructor(now: () => number, moved: (entry: Entry, from: OrderStatus | undefined) => void) {
    this.now = now
    this.moved = moved
  }

  private become(entry: Entry, status: OrderStatus): void {
    const from = entry.status
    if (status === from) return
    if (!(follows[from] as ReadonlyArray<string>).includes(status)) throw new Error(`${from} became ${status}`)
    entry.status = status
    if (isTerminal(status)) entry.next_run_at = undefined
    this.moved(entry, from)
  }
  private free(entry: Entry): boolean {
    return entry.lease_until === null || entry.lease_until < this.now()
  }
  private take(entry: Entry, lease: Lease): void {
    entry.fence += 1
    entry.lease_owner = lease.owner
    entry.lease_until = this.now() + lease.millis
  }
  private letGo(entry: Entry): void {
    entry.lease_owner = null
    entry.lease_until = null
  }
  private held(entry: Entry): HeldEntry {
    const { currency, id, total_cents } = entry.order
    return { id, fence: entry.fence, attempts: entry.attempts, total_cents, currency, trace_context: null }
  }
  private due(): ReadonlyArray<Entry> {
    const now = this.now()
    return [...this.entries.values()]
      .filter((entry) => entry.next_run_at !== undefined && entry.next_run_at <= now && this.free(entry))
      .toSorted((a, b) => a.order.id < b.order.id ? -1 : 1)
  }

  insert(lease: Lease, orders: ReadonlyArray<NewEntry>): ReadonlyArray<HeldEntry | undefined> {
    return orders.map((order) => {
      const key = `${order.caller}\n${order.idempotency_key}`
      if (this.byKey.has(key)) return undefined
      this.byKey.set(key, order.id)
      const now = this.now()
      const entry: Entry = {
        order,
        accepted_at: now,
        status: "AWAITING_AUTHORIZATION",
        undoing: null,
        attempts: 0,
        fence: FIRST_FENCE,
        lease_owner: lease.owner,
        lease_until: now + lease.millis,
        lease_expiries: 0,
        reason: null,
        parked_reason: null,
        warehouse_id: null,
        answer: undefined,
        next_run_at: now
      }
      this.entries.set(order.id, entry)
      this.moved(entry, undefined)
      return this.held(entry)
    })
  }

  findByKey(caller: string, key: string, request_hash: string): KnownEntry | undefined {
    const entry = this.entries.get(this.byKey.get(`${caller}\n${key}`)!)
    return entry &&
      { id: entry.order.id, same_request: entry.order.request_hash === request_hash, answer: entry.answer }
  }

  takeOver(lease: Lease, id: OrderId): HeldEntry | undefined {
    const entry = this.entries.get(id)
    if (entry?.status !== "AWAITING_AUTHORIZATION" || entry.answer !== undefined || !this.free(entry)) return undefined
    this.take(entry, lease)
    return this.held(entry)
  }

  claimUnresolved(lease: Lease, limit: number): Array<HeldEntry> {
    const entries = this.due().filter(({ status }) => status === "AWAITING_AUTHORIZATION").slice(0, limit)
    for (const entry of entries) this.take(entry, lease)
    return entries.map((entry) => this.held(entry))
  }

  settle(settlements: ReadonlyArray<Settlement>): ReadonlyArray<boolean> {
    return settlements.map(({ entry: { fence, id }, outcome }) => {
      const entry = this.entries.get(id)
      if (entry?.fence !== fence || entry.status !== "AWAITING_AUTHORIZATION") return false
      entry.answer ??= answerTo(id, outcome)
      entry.attempts = 0
      this.letGo(entry)
      if (outcome._tag === "Declined") entry.reason = outcome.decline_code
      if (outcome._tag !== "Unknown") {
        this.become(entry, outcome._tag === "Authorized" ? "AUTHORIZED" : "AUTHORIZATION_FAILED")
      }
      return true
    })
  }

  postpone({ fence, id }: HeldEntry, { attempts, wait_millis }: Postponement): void {
    const entry = this.entries.get(id)
    if (entry?.fence !== fence) return
    entry.attempts = attempts
    this.letGo(entry)
    if (entry.next_run_at !== undefined) entry.next_run_at = this.now() + wait_millis
  }

  claim(lease: Lease, limit: number): ReadonlyArray<LedgerRow> {
    const due = this.due().filter(({ parked_reason, status }) =>
      status !== "AWAITING_AUTHORIZATION" && parked_reason === null
    ).slice(0, limit)
    return due.map((entry): LedgerRow => {
      const recovered = entry.lease_until !== null
      if (recovered) entry.lease_expiries += 1
      this.take(entry, lease)
      const { order } = entry
      return {
        id: order.id,
        status: entry.status,
        undoing: entry.undoing,
        attempts: entry.attempts,
        fence: entry.fence,
        lease_expiries: entry.lease_expiries,
        caller: order.caller,
        user_id: order.user_id,
        email: order.email,
        items: order.items,
        shipping_address: order.shipping_address ?? null,
        total_cents: order.total_cents,
        currency: order.currency,
        reason: entry.reason,
        trace_context: null,
        accepted_millis: entry.accepted_at,
        age_millis: this.now() - entry.accepted_at,
        wait_millis: 0,
        recovered
      }
    })
  }

  record(lease: Lease, recordings: ReadonlyArray<Recording>): ReadonlyArray<string> {
    return recordings.flatMap((change) => {
      const entry = this.entries.get(change.id as OrderId)
      if (entry === undefined || entry.fence !== change.fence || entry.lease_owner !== lease.owner) return []
      entry.undoing = change.undoing
      entry.attempts = change.attempts
      entry.reason = change.reason ?? entry.reason
      entry.warehouse_id = change.facts["warehouse_id"] ?? entry.warehouse_id
      entry.parked_reason = change.parked_reason
      if (!change.keep_lease) this.letGo(entry)
      else if (entry.lease_until! <= this.now() + lease.millis * LEASE_KEPT) {
        entry.lease_until = this.now() + lease.millis
      }
      this.become(entry, change.status as OrderStatus)
      if (entry.next_run_at !== undefined) {
        if (change.parked_reason !== null) entry.next_run_at = Infinity
        else if (change.wait_millis > 0) entry.next_run_at = this.now() + change.wait_millis
      }
      return [change.id]
    })
  }
}
