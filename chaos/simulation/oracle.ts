import type { OrderId } from "@surety/domain/ids"
import { isTerminal, type OrderStatus } from "@surety/domain/order-status"
import type { Entry } from "./ledger-model.ts"
import type { Surroundings } from "./surroundings.ts"

type Books = Pick<Surroundings, "ledger" | "payments" | "records" | "stock" | "books">

/** What the provider really did for an order. */
const moneyOf = ({ books }: Books, id: OrderId) => {
  const all = [...books.payments.values()].filter(({ reference }) => reference === id)
  return {
    holds: all.filter(({ status }) => status === "held").length,
    captures: all.reduce((sum, payment) => sum + payment.captures, 0),
    kept: all.reduce((sum, payment) => sum + payment.captured_cents - payment.refunded_cents, 0)
  }
}

/** Judges an order at the moment in which it says that it has ended: by then all of it must be true. */
export const judgeEnd = (books: Books, { order: { id, total_cents }, status }: Entry): ReadonlyArray<string> => {
  const money = moneyOf(books, id)
  const reservation = books.stock.reservations.get(id)?.status
  const record = books.records.records.get(id)?.status
  const wrong = (condition: boolean, what: string) => condition ? [`${id} is ${status}, but ${what}`] : []
  if (status === "COMPLETED") {
    return [
      ...wrong(money.captures !== 1, `was captured ${money.captures} times`),
      ...wrong(money.kept !== total_cents, `${money.kept} of ${total_cents} cents were taken`),
      ...wrong(money.holds > 0, "money is held"),
      ...wrong(reservation !== "COMMITTED", `its reservation is ${reservation}`),
      ...wrong(record !== "CONFIRMED", `its order is ${record}`)
    ]
  }
  return [
    ...wrong(money.holds > 0, "money is held"),
    ...wrong(money.kept !== 0, `${money.kept} cents were kept`),
    ...wrong(reservation === "HELD" || reservation === "COMMITTED", `its reservation is ${reservation}`),
    ...wrong(record === "PENDING" || record === "CONFIRMED", `its order is ${record}`)
  ]
}

/** What must hold at every moment. */
export const judgeAlways = ({ books, stock }: Books): ReadonlyArray<string> => [
  ...[...stock.shelves].flatMap(([id, { on_hand, reserved }]) =>
    reserved < 0 || reserved > on_hand ? [`${id}: ${reserved} of ${on_hand} are reserved`] : []
  ),
  ...[...books.payments.values()].flatMap((payment) =>
    payment.captures > 1 || payment.refunded_cents > payment.captured_cents ||
      payment.captured_cents > payment.amount_cents
      ? [`the provider moved too much for ${payment.reference}`]
      : []
  )
]

/** What must hold once everything has come to rest: all that {@link judgeEnd} says, still, and nothing left over. */
export const judgeAtRest = (all: Books): ReadonlyArray<string> => {
  const { books, ledger, payments, stock } = all
  const held = new Map<string, number>()
  for (const { items, status } of stock.reservations.values()) {
    if (status !== "HELD") continue
    for (const { product_id, quantity } of items) held.set(product_id, (held.get(product_id) ?? 0) + quantity)
  }
  const statusOf = (id: string): OrderStatus | undefined => ledger.entries.get(id as OrderId)?.status
  return [
    ...judgeAlways(all),
    ...[...ledger.entries.values()].flatMap((entry) =>
      isTerminal(entry.status)
        ? [
          ...judgeEnd(all, entry),
          ...(entry.lease_until === null ? [] : [`${entry.order.id}: its lease outlives it`]),
          ...(entry.answer === undefined ? [`${entry.order.id}: has no answer`] : [])
        ]
        : [`${entry.order.id} is still ${entry.status} ${entry.parked_reason ?? ""}`]
    ),
    ...[...books.payments.values()].flatMap(({ reference, status }) =>
      statusOf(reference) === undefined || status === "held" ? [`the provider has ${status} for ${reference}`] : []
    ),
    ...[...payments.payments.values()].flatMap(({ reference, status }) =>
      status === "AUTHORIZING" || status === "AUTHORIZED" ? [`the payment of ${reference} is ${status}`] : []
    ),
    ...[...stock.shelves].flatMap(([id, { reserved }]) =>
      reserved === (held.get(id) ?? 0) ? [] : [`${id}: ${reserved} are reserved, ${held.get(id) ?? 0} held`]
    )
  ]
}
