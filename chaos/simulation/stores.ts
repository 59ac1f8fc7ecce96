import type { LedgerStore } from "@surety/edge-api/ledger-store"
import type { LedgerRow } from "@surety/orchestrator/ledger-row"
import type { OrderStore } from "@surety/orders/order-store"
import type { PaymentStore } from "@surety/payment/payment-store"
import type { RefundStore } from "@surety/payment/refund-store"
import { grouped, ONE_SET_AT_A_TIME } from "@surety/platform/grouped"
import type { Journal } from "@surety/saga/journal"
import { Effect } from "effect"
import type { SqlError } from "effect/sql"
import type { Database } from "./database.ts"
import type { Lease, LedgerModel } from "./ledger-model.ts"
import type { PaymentModel } from "./payment-model.ts"
import type { Process } from "./process.ts"
import type { RecordsModel } from "./records-model.ts"

/** One process' way to the database: the services' stores, of which each method is one statement of a model. */
export const storesOf = (database: Database, process: Process) => {
  const state = <A>(what: string, run: () => A) => Effect.orDie(database.statement(process, what, run))

  const ledgerStore = (ledger: LedgerModel, lease: Lease) =>
    Effect.gen(function*() {
      return {
        insert: yield* grouped(
          ONE_SET_AT_A_TIME,
          (entries: Parameters<LedgerModel["insert"]>[1]) => state("ledger.insert", () => ledger.insert(lease, entries))
        ),
        findByKey: (caller, key, hash) => state("ledger.findByKey", () => ledger.findByKey(caller, key, hash)),
        takeOver: (id) => state("ledger.takeOver", () => ledger.takeOver(lease, id)),
        claimUnresolved: (limit) => state("ledger.claimUnresolved", () => ledger.claimUnresolved(lease, limit)),
        settle: yield* grouped(
          ONE_SET_AT_A_TIME,
          (settlements: Parameters<LedgerModel["settle"]>[0]) =>
            state("ledger.settle", () => ledger.settle(settlements))
        ),
        postpone: (entry, wait) => state("ledger.postpone", () => (ledger.postpone(entry, wait), []))
      } satisfies LedgerStore["Service"] as LedgerStore["Service"]
    })

  const journal = (ledger: LedgerModel, lease: Lease): Journal<LedgerRow, SqlError.SqlError> => ({
    claim: (limit) => database.statement(process, "ledger.claim", () => ledger.claim(lease, limit)),
    record: (recordings) =>
      Effect.map(
        database.statement(process, "ledger.record", () => ledger.record(lease, recordings)),
        (ids): ReadonlySet<string> => new Set(ids)
      )
  })

  const paymentStore = (payments: PaymentModel) =>
    Effect.gen(function*() {
      const record = (findings: Parameters<PaymentModel["record"]>[0]) =>
        state("payment.record", () => payments.record(findings))
      return {
        byReferences: (references) =>
          Effect.map(
            state("payment.byReferences", () => payments.byReferences(references)),
            (rows) => new Map(rows.map((row) => [row.reference, row]))
          ),
        entomb: (references) => state("payment.entomb", () => (payments.entomb(references), [])),
        record: (findings) =>
          findings.length === 0
            ? Effect.succeed([])
            : Effect.map(record(findings), (rows) => rows.flatMap((row) => row ?? [])),
        intendOne: yield* grouped(
          ONE_SET_AT_A_TIME,
          (intents: Parameters<PaymentModel["intend"]>[0]) => state("payment.intend", () => payments.intend(intents))
        ),
        recordOne: yield* grouped(ONE_SET_AT_A_TIME, record)
      } satisfies PaymentStore["Service"] as PaymentStore["Service"]
    })

  const refundStore = (payments: PaymentModel) =>
    ({
      intend: (reference, key, cents) =>
        state("payment.intendRefund", () => payments.intendRefund(reference, key, cents)),
      done: (refund) => state("payment.refundDone", () => (payments.refundDone(refund), [])),
      refused: (refund) => state("payment.refundRefused", () => (payments.refundRefused(refund), []))
    }) satisfies RefundStore["Service"] as RefundStore["Service"]

  const orderStore = (records: RecordsModel): OrderStore["Service"] => {
    const byId = <A extends { readonly order_ledger_id: string }>(rows: ReadonlyArray<A>) =>
      new Map(rows.map((row) => [row.order_ledger_id as A["order_ledger_id"], row]))
    return {
      insertMissing: (orders) => Effect.map(state("orders.insert", () => records.insertMissing(orders)), byId),
      confirmPending: (ids) =>
        Effect.map(state("orders.confirm", () => records.confirmPending(ids)), (rows) => new Set(rows)),
      cancelPendingOrUnknown: (asked) =>
        Effect.map(state("orders.cancel", () => records.cancelPendingOrUnknown(asked)), byId),
      read: (ids) => Effect.map(state("orders.read", () => records.read(ids)), byId)
    }
  }

  return { ledgerStore, journal, paymentStore, refundStore, orderStore, state } as const
}
