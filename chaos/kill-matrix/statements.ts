import type { Exchange } from "@surety/testkit/link-proxy"
import type { LinkName, ServiceName } from "../cluster/links.ts"

/** One kind of exchange on one link. */
export interface Spot {
  readonly link: LinkName
  readonly match: (exchange: Exchange) => boolean
}

/** An HTTP request, by method and path. */
export const request = (link: LinkName, what: string): Spot => ({ link, match: (exchange) => exchange.what === what })

/** A statement, by the words that only it has. */
const statement = (service: ServiceName, what: string, words = "", payload = ""): Spot => ({
  link: `${service}->postgres`,
  match: (exchange) => exchange.what === what && exchange.text.includes(words) && exchange.payload.includes(payload)
})

/** What ends a transaction in which that was done. */
const commit = (service: ServiceName, done: string): Spot => ({
  link: `${service}->postgres`,
  match: ({ what, within }) => what === "COMMIT" && within.includes(done)
})

const entries = "UPDATE ledger.entries"

/** What the services write on the way of an order, each by a statement or a transaction of its own. */
export const edgeWrites = {
  insert: statement("edge-api", "INSERT INTO ledger.entries"),
  settle: statement("edge-api", entries, "response_status = coalesce"),
  postpone: statement("edge-api", entries, "WITH postponed"),
  takeOver: statement("edge-api", entries, "response_status IS NULL"),
  claimUnresolved: statement("edge-api", entries, "WITH free")
} as const

export const orchestratorWrites = {
  claim: statement("orchestrator", entries, "WITH free"),
  turnBack: statement("orchestrator", "UPDATE ledger.due", "operator_note"),
  /** What a step came to: a status, and while the saga goes back what is undone next. */
  record: (status: string, undoing?: string) =>
    statement(
      "orchestrator",
      entries,
      "WITH change",
      `"status":"${status}","undoing":${JSON.stringify(undoing ?? null)}`
    )
} as const

export const paymentWrites = {
  intend: statement("payment", "INSERT INTO payment.payments", "token"),
  entomb: statement("payment", "INSERT INTO payment.payments", "'VOIDED'"),
  record: (status: string) => statement("payment", "UPDATE payment.payments", "provider_id", `"status":"${status}"`),
  intendRefund: commit("payment", "INSERT INTO payment.refunds"),
  recordRefund: statement("payment", "UPDATE payment.refunds", "'DONE'")
} as const

export const orderWrites = {
  insert: statement("orders", "INSERT INTO orders.orders", "'PENDING'"),
  confirm: statement("orders", "UPDATE orders.orders", "'CONFIRMED'"),
  cancel: statement("orders", "INSERT INTO orders.orders", "'CANCELLED'")
} as const

export const stockWrites = {
  reserve: commit("inventory", "INSERT INTO inventory.reservations"),
  /** Committed or released: which of them, its journey says. */
  settle: commit("inventory", "UPDATE inventory.reservations")
} as const
