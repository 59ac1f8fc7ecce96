import { type Mishap, MISHAPS, type Operation, OPERATIONS } from "@surety/provider-simulator/behaviour"
import type { LogLine } from "@surety/provider-simulator/control"
import { Effect } from "effect"
import { catalogue } from "../../bench/catalogue.ts"
import { digits, table } from "../../bench/table.ts"
import { together } from "../cluster/customers.ts"
import { orderOf } from "../cluster/mixed-orders.ts"
import { providerLog } from "../cluster/provider-log.ts"
import { until } from "./passing-time.ts"
import { refundByHand, turnedBackAfterCapture } from "./refunded-orders.ts"
import type { Ground, Storm } from "./storm.ts"

const EACH = { short: 2, full: 25 } as const

/** A refund has orders of its own: it comes only after a capture, at an operator's word. */
const bySaga = OPERATIONS.filter((operation) => operation !== "refund")

/** An order that is going to be cancelled wants what is sold out. */
const orderWith = (n: number, operation: Operation, mishap: Mishap) =>
  orderOf(n, {
    token: `tok_${operation}_${mishap}`,
    ...(operation === "cancel" ? { products: [catalogue.soldOut] } : {})
  })

const cellsOf = (log: ReadonlyArray<LogLine>) => {
  const cells: Record<string, number> = {}
  for (const operation of OPERATIONS) for (const mishap of MISHAPS) cells[`${operation} ${mishap}`] = 0
  for (const { mishap, operation } of log) {
    const cell = `${operation} ${mishap}`
    if (cell in cells) cells[cell] = cells[cell]! + 1
  }
  return cells
}

const cellsTable = (cells: Readonly<Record<string, number>>) =>
  table(
    ["", ...OPERATIONS],
    MISHAPS.map((mishap) => [
      mishap,
      ...OPERATIONS.map((operation) => digits(cells[`${operation} ${mishap}`]))
    ])
  )

/** Whatever a provider can do to a conversation about money, at each thing that is asked of it. */
export const unknownOutcomes: Storm = {
  name: "unknown-outcomes",
  says: "every unknown outcome of a payment befalls authorizations, captures, voids and refunds, 25 times each",
  blow: (ground: Ground) =>
    Effect.gen(function*() {
      const { cluster, customers, scale } = ground
      const kinds = bySaga.flatMap((operation) =>
        MISHAPS.flatMap((mishap) => Array.from({ length: EACH[scale] }, () => [operation, mishap] as const))
      )
      const before = (yield* providerLog(cluster.simulator)).length
      const crowd = yield* customers({
        orders: kinds.length,
        order: (n) => orderWith(n, ...kinds[n]!),
        pace: { at_once: 16 }
      })
      const tokens = MISHAPS.flatMap((mishap) => Array.from({ length: EACH[scale] }, () => `tok_refund_${mishap}`))
      const { crowd: refunded, orders } = yield* turnedBackAfterCapture(ground, tokens)
      yield* crowd.served
      const cells = Effect.map(providerLog(cluster.simulator), (log) => cellsOf(log.slice(before)))
      const isEnough = (counts: Readonly<Record<string, number>>) =>
        Object.values(counts).every((count) => count >= EACH[scale])
      yield* until("every mishap of every operation", Effect.map(cells, isEnough), "180 seconds")
      const injected = yield* cells
      const burnt = orders.filter(({ token }) => token === "tok_refund_burnt")
      yield* Effect.forEach(burnt, ({ id }) => refundByHand(cluster.simulator, id), { concurrency: 8 })
      const tells = `${cellsTable(injected)}\n\n${burnt.length} refunds whose key was burnt were given back by hand`
      return { customers: together([crowd, refunded]), injected, tells }
    })
}
