import type { AtProvider } from "@surety/contracts/provider-books-api"
import { OrderId } from "@surety/domain/ids"
import type { OrderFacts } from "../src/reconcile-facts.ts"

export const TOTAL = 500
const id = OrderId.make("01900000-0000-7000-8000-000000000001")

const entries = [null, "COMPLETED", "FAILED", "AUTHORIZATION_FAILED"] as const
const records = [
  null,
  "AUTHORIZING",
  "AUTHORIZED",
  "DECLINED",
  "CAPTURED",
  "CAPTURE_REFUSED",
  "VOIDED",
  "REFUNDED"
] as const
const orders = [null, "PENDING", "CONFIRMED", "CANCELLED"] as const
const reservations = [null, "HELD", "COMMITTED", "RELEASED", "REFUSED"] as const

/** How a payment can stand at the provider. */
export const standings = {
  held: { status: "held", held_cents: TOTAL, captured_cents: 0, refunded_cents: 0 },
  captured: { status: "captured", held_cents: 0, captured_cents: TOTAL, refunded_cents: 0 },
  refunded: { status: "captured", held_cents: 0, captured_cents: TOTAL, refunded_cents: TOTAL },
  canceled: { status: "canceled", held_cents: 0, captured_cents: 0, refunded_cents: 0 }
} as const satisfies Record<string, Partial<AtProvider>>
export type Standing = keyof typeof standings

export const paymentAt = (provider_id: string, standing: Standing): AtProvider => ({
  provider_id,
  reference: id,
  amount_cents: TOTAL,
  currency: "usd",
  created_at: "2026-01-01T00:00:00.000Z",
  ...standings[standing]
})

export const recordOf = (status: Exclude<(typeof records)[number], null>): NonNullable<OrderFacts["payment"]> => ({
  status,
  amount_cents: TOTAL,
  captured_cents: status === "CAPTURED" || status === "REFUNDED" ? TOTAL : 0,
  refunded_cents: status === "REFUNDED" ? TOTAL : 0,
  currency: "usd",
  provider_id: status === "AUTHORIZING" ? null : "pi_own",
  refund_open: false
})

const some: ReadonlyArray<Standing | undefined> = [undefined, "held", "captured", "refunded", "canceled"]

/** Every way in which the books of one order can stand to each other, as far as statuses go. */
export const allFacts: ReadonlyArray<OrderFacts> = entries.flatMap((entry) =>
  records.flatMap((record) =>
    orders.flatMap((order) =>
      reservations.flatMap((reservation) =>
        some.flatMap((own) =>
          some.map((stray): OrderFacts => ({
            id,
            rests: true,
            trace_context: null,
            entry: entry === null ? null : { status: entry, total_cents: TOTAL, currency: "usd" },
            payment: record === null ? null : recordOf(record),
            order: order === null ? null : { status: order, total_cents: TOTAL },
            reservation: reservation === null ? null : { status: reservation, expires: false },
            at_provider: [
              ...(own === undefined || record === null || record === "AUTHORIZING" ? [] : [paymentAt("pi_own", own)]),
              ...(stray === undefined ? [] : [paymentAt("pi_stray", stray)])
            ]
          }))
        )
      )
    )
  )
)
