import { carrying } from "@surety/platform/telemetry/trace-context"
import type { Outcome } from "@surety/saga/definition"
import { Effect } from "effect"
import type { LedgerRow } from "./ledger-row.ts"
import type { Neighbours } from "./neighbours.ts"

type Rows = ReadonlyArray<LedgerRow>
type Outcomes = Effect.Effect<ReadonlyMap<string, Outcome>, unknown>

const done: Outcome = { _tag: "Done" }

/** A service's answer in the saga's words. */
const outcomeOf = (
  result:
    | { readonly outcome: "done" }
    | { readonly outcome: "refused"; readonly reason: string }
    | { readonly outcome: "stuck"; readonly reason: string }
    | { readonly outcome: "unknown"; readonly detail: string }
): Outcome => {
  switch (result.outcome) {
    case "done":
      return done
    case "refused":
      return { _tag: "Refused", reason: result.reason }
    case "stuck":
      return { _tag: "Stuck", reason: result.reason }
    case "unknown":
      return { _tag: "Unknown", error: result.detail }
  }
}

const ids = (rows: Rows) => rows.map((row) => row.id)
const contexts = (rows: Rows) => carrying(rows.map((row) => row.traceparent))

/** What each step of the journey asks of its service, a set at a time; the page `fulfil-order` puts them in order. */
export const orderSteps = ({ inventory, orders, payment }: Neighbours["Service"]) => ({
  createOrders: (rows: Rows): Outcomes =>
    orders.orders.createSet({
      payload: {
        items: rows.map(({ currency, email, id, items, total_cents, user_id }) => ({
          order_ledger_id: id,
          user_id,
          email,
          items,
          total_cents,
          currency
        })),
        ...contexts(rows)
      }
    }).pipe(Effect.map(({ results }) => new Map(results.map((r) => [r.order_ledger_id, outcomeOf(r)])))),

  cancelOrders: (rows: Rows): Outcomes =>
    orders.orders.cancelSet({
      payload: {
        items: rows.map((row) => ({ order_ledger_id: row.id, reason: (row.reason ?? "undone").slice(0, 200) })),
        ...contexts(rows)
      }
    }).pipe(Effect.map(({ results }) => new Map(results.map((r) => [r.order_ledger_id, outcomeOf(r)])))),

  /** Holds the stock and learns the warehouse. */
  reserveStock: (rows: Rows): Outcomes =>
    inventory.reservations.reserveSet({
      payload: {
        items: rows.map((row) => ({
          order_id: row.id,
          items: row.items.map(({ product_id, quantity }) => ({ product_id, quantity })),
          ...(row.shipping_address === null ? {} : { shipping_address: row.shipping_address })
        })),
        ...contexts(rows)
      }
    }).pipe(Effect.map(({ results }) =>
      new Map(results.map((r): [string, Outcome] => [
        r.order_id,
        r.outcome === "done" && r.warehouse_id !== undefined
          ? { _tag: "Done", facts: { warehouse_id: r.warehouse_id } }
          : outcomeOf(r)
      ]))
    )),

  releaseStock: (rows: Rows): Outcomes =>
    inventory.reservations.releaseSet({ payload: { items: ids(rows), ...contexts(rows) } }).pipe(
      Effect.map(({ results }) => new Map(results.map((r) => [r.order_id, outcomeOf(r)])))
    ),

  capturePayments: (rows: Rows): Outcomes =>
    payment.payments.captureSet({ payload: { items: ids(rows), ...contexts(rows) } }).pipe(
      Effect.map(({ results }) => new Map(results.map((r) => [r.reference, outcomeOf(r)])))
    ),

  refundPayments: (rows: Rows): Outcomes =>
    payment.payments.refundSet({ payload: { items: ids(rows), ...contexts(rows) } }).pipe(
      Effect.map(({ results }) => new Map(results.map((r) => [r.reference, outcomeOf(r)])))
    ),

  /** Voids what is held. Money that turns out to be taken already is given back instead. */
  voidPayments: (rows: Rows): Outcomes =>
    Effect.gen(function*() {
      const { results } = yield* payment.payments.voidSet({ payload: { items: ids(rows), ...contexts(rows) } })
      const outcomes = new Map(results.map((r) => [r.reference, outcomeOf(r)]))
      const captured = new Set(
        results.flatMap((r) => r.outcome === "refused" && r.reason === "already_captured" ? [r.reference] : [])
      )
      const taken = rows.filter((row) => captured.has(row.id))
      if (taken.length === 0) return outcomes
      const refunds = yield* payment.payments.refundSet({ payload: { items: ids(taken), ...contexts(taken) } })
      for (const r of refunds.results) outcomes.set(r.reference, outcomeOf(r))
      return outcomes
    }),

  /** Takes the stock off the shelf, then tells the order. Both are repeated until they hold. */
  confirmOrders: (rows: Rows): Outcomes =>
    Effect.gen(function*() {
      const { results } = yield* inventory.reservations.commitSet({ payload: { items: ids(rows), ...contexts(rows) } })
      const outcomes = new Map<string, Outcome>(results.map((r) => [r.order_id, outcomeOf(r)]))
      const done = new Set(results.flatMap((r) => r.outcome === "done" ? [r.order_id] : []))
      const committed = rows.filter((row) => done.has(row.id))
      if (committed.length === 0) return outcomes
      const confirmations = yield* orders.orders.confirmSet({
        payload: { items: ids(committed), ...contexts(committed) }
      })
      for (const r of confirmations.results) outcomes.set(r.order_ledger_id, outcomeOf(r))
      return outcomes
    })
})
