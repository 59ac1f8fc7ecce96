import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { httpCall } from "./http-call.ts"

/** What the provider did under one of our references, all payments of it together. */
interface Taken {
  readonly kept: number
  readonly held: number
  readonly captures: number
}

interface ProviderPayment {
  readonly reference: string
  readonly captured_cents: number
  readonly refunded_cents: number
  readonly held_cents: number
}

interface Entry {
  readonly id: string
  readonly status: string
  readonly total: number
  readonly parked: boolean
}

/** Where the books differ. Both lists are empty where they do not. */
export interface Comparison {
  /** Orders whose money is not taken once and whole, or not at all, as their status says. */
  readonly wrong: ReadonlyArray<Entry & Taken>
  /** Payments for orders that the ledger does not know. */
  readonly strangers: ReadonlyArray<ProviderPayment>
}

const NOTHING: Taken = { kept: 0, held: 0, captures: 0 }

const paymentsAt = Effect.fnUntraced(function*(simulator: string) {
  const payments: Array<ProviderPayment> = []
  while (true) {
    const { body } = yield* httpCall<{ payments: ReadonlyArray<ProviderPayment>; total: number }>(
      "GET",
      `${simulator}/_simulator/payments?offset=${payments.length}`
    )
    payments.push(...body.payments)
    if (payments.length >= body.total) return payments
  }
})

/** What the provider really did must be what our books say: an order's money taken once and whole, or not at all. */
export const compareWithProvider = Effect.fnUntraced(function*(simulator: string) {
  const sql = yield* SqlClient.SqlClient
  const payments = yield* paymentsAt(simulator)
  const rows = yield* sql<Entry>`
    SELECT id, status, total_cents::float8 AS total, parked_at IS NOT NULL AS parked FROM ledger.all_entries`
  const taken = new Map<string, Taken>()
  for (const payment of payments) {
    const sum = taken.get(payment.reference) ?? NOTHING
    taken.set(payment.reference, {
      kept: sum.kept + payment.captured_cents - payment.refunded_cents,
      held: sum.held + payment.held_cents,
      captures: sum.captures + (payment.captured_cents > 0 ? 1 : 0)
    })
  }
  const wrong = rows.filter((row) => !row.parked).flatMap((row) => {
    const at = taken.get(row.id) ?? NOTHING
    const right = at.held === 0 && at.captures <= 1 && at.kept === (row.status === "COMPLETED" ? row.total : 0)
    return right ? [] : [{ ...row, ...at }]
  })
  const known = new Set(rows.map((row) => row.id))
  return { wrong, strangers: payments.filter((payment) => !known.has(payment.reference)) } satisfies Comparison
})
