import { SET_MAX } from "@surety/contracts/manners"
import { type AtProvider, PROVIDER_IDS_MAX } from "@surety/contracts/provider-books-api"
import type { OrderId } from "@surety/domain/ids"
import type { OrderStatus } from "@surety/domain/order-status"
import type { PaymentStatus } from "@surety/domain/payment"
import type { ReservationStatus } from "@surety/domain/stock"
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { Neighbours } from "./neighbours.ts"

/** How one order stands in each of the books, read in one moment. Amounts are minor units. */
export interface BookedOrder {
  readonly id: OrderId
  /** It has ended, or there is no entry, and nothing has moved for a while: only then do books that differ mean anything. */
  readonly rests: boolean
  readonly trace_context: string | null
  readonly entry: { readonly status: OrderStatus; readonly total_cents: number; readonly currency: string } | null
  readonly payment: {
    readonly status: PaymentStatus
    readonly amount_cents: number
    readonly captured_cents: number
    readonly refunded_cents: number
    readonly currency: string
    readonly provider_id: string | null
    /** Somebody asked for a refund just now and may not know yet how it went. */
    readonly refund_open: boolean
  } | null
  readonly order: { readonly status: "PENDING" | "CONFIRMED" | "CANCELLED"; readonly total_cents: number | null } | null
  /** Holds that run out by themselves are nobody's business. */
  readonly reservation: { readonly status: ReservationStatus; readonly expires: boolean } | null
}

/** The same, with what the provider has of it; `undefined`: the provider does not answer now, and nothing can be said. */
export interface OrderFacts extends BookedOrder {
  readonly at_provider: ReadonlyArray<AtProvider> | undefined
}

/** Orders to be looked at, each with the payments at the provider that are known to name it. */
export type Asked = ReadonlyMap<OrderId, ReadonlySet<string>>

const CALL_TIMEOUT = "10 seconds"
/** A refund with a lost answer is asked for again by whoever wanted it; after so long nobody does. */
const REFUND_OPEN = "interval '10 minutes'"

/** Whatever an order is found in, by its key: `$1` the ids, `$2` the milliseconds of rest. */
const booked = `
  SELECT asked.id, e.trace_context,
    coalesce(
      CASE WHEN e.id IS NOT NULL THEN e.ended_at ELSE greatest(p.updated_at, o.updated_at, r.created_at, r.released_at) END
        < now() - $2::integer * interval '1 millisecond',
      e.id IS NULL
    ) AS rests,
    CASE WHEN e.id IS NOT NULL THEN
      json_build_object('status', e.status, 'total_cents', e.total_cents, 'currency', e.currency)
    END AS entry,
    CASE WHEN p.reference IS NOT NULL THEN json_build_object(
      'status', p.status, 'amount_cents', p.amount_cents, 'captured_cents', p.captured_cents,
      'refunded_cents', p.refunded_cents, 'currency', p.currency, 'provider_id', p.provider_id, 'refund_open', EXISTS (
        SELECT FROM payment.refunds f
        WHERE f.reference = p.reference AND f.status = 'REQUESTED' AND f.created_at > now() - ${REFUND_OPEN}
      )
    ) END AS payment,
    CASE WHEN o.order_ledger_id IS NOT NULL THEN
      json_build_object('status', o.status, 'total_cents', o.total_cents)
    END AS "order",
    CASE WHEN r.order_id IS NOT NULL THEN
      json_build_object('status', r.status, 'expires', r.expires_at IS NOT NULL)
    END AS reservation
  FROM unnest($1::uuid[]) AS asked (id)
  LEFT JOIN LATERAL (
    SELECT id, status, total_cents, currency, ended_at, encode(trace_context, 'hex') AS trace_context
    FROM ledger.entries WHERE id = asked.id
    UNION ALL
    SELECT id, status, total_cents, currency, ended_at, encode(trace_context, 'hex')
    FROM ledger.archive WHERE id = asked.id LIMIT 1
  ) e ON true
  LEFT JOIN payment.payments p ON p.reference = asked.id
  LEFT JOIN orders.orders o ON o.order_ledger_id = asked.id
  LEFT JOIN inventory.reservations r ON r.order_id = asked.id`

/** Collects what all books say about some orders: the provider is asked first, so that our own are never the older ones. */
export const makeCollectFacts = Effect.fnUntraced(function*(auditor: SqlClient.SqlClient, graceMillis: number) {
  const { payment } = yield* Neighbours

  const ofProvider = Effect.fnUntraced(function*(asked: ReadonlyArray<readonly [OrderId, ReadonlySet<string>]>) {
    const items = asked.map(([reference, ids]) => ({ reference, provider_ids: [...ids].slice(0, PROVIDER_IDS_MAX) }))
    const { results } = yield* payment.provider_books.ofSet({ payload: { items } }).pipe(Effect.timeout(CALL_TIMEOUT))
    return results.flatMap((result) => result.outcome === "done" ? [[result.reference, result.payments] as const] : [])
  })

  return Effect.fnUntraced(function*(asked: Asked) {
    const facts: Array<OrderFacts> = []
    const all = [...asked]
    for (let from = 0; from < all.length; from += SET_MAX) {
      const set = all.slice(from, from + SET_MAX)
      const known = new Map(yield* Effect.orElseSucceed(ofProvider(set), () => []))
      const rows = yield* auditor.unsafe<BookedOrder>(booked, [set.map(([id]) => id), graceMillis])
      for (const row of rows) facts.push({ ...row, at_provider: known.get(row.id) })
    }
    return facts
  })
})
