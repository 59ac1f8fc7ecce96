import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import type { Cluster } from "../chaos/cluster/cluster.ts"
import { type Custom, customers, type Served } from "../chaos/cluster/customers.ts"
import { orderOf } from "../chaos/cluster/mixed-orders.ts"
import { askProvider } from "../chaos/cluster/provider-hand.ts"
import { afterTheEnd } from "./stack-for-tests.ts"

const CARD = {
  amount: "500",
  currency: "usd",
  capture_method: "manual",
  confirm: "true",
  "payment_method_data[type]": "card",
  "payment_method_data[card][token]": "tok_visa_success"
}

const ordered = (cluster: Cluster, orders: number, different: Partial<Custom> = {}) =>
  Effect.flatMap(
    customers({ edge: cluster.edge, order: (n) => orderOf(n), orders, pace: { at_once: orders }, ...different }),
    ({ served }) => served
  )

/** Breaks each thing once that the verdict of a storm looks at. Succeeds with what customers believe to know. */
export const spoiltBooks = Effect.fnUntraced(function*(cluster: Cluster) {
  const { simulator, sql } = cluster
  const good = yield* ordered(cluster, 2)
  yield* afterTheEnd(cluster)
  const [ended] = good.acknowledged
  const reference = ended!.answer.id!
  // Its answer changes, and its money is taken a second time; somebody else's is held.
  yield* sql`UPDATE ledger.entries SET response_body = '{"order_ledger_id": "another"}' WHERE id = ${reference}`
  const twice = yield* askProvider(simulator, "payment_intents", { ...CARD, "metadata[reference]": reference })
  yield* askProvider(simulator, `payment_intents/${twice.id}/capture`, {})
  yield* askProvider(simulator, "payment_intents", { ...CARD, "metadata[reference]": randomUUID() })
  // Stock is reserved for nobody; of two orders that wait one is parked, the other just stays.
  yield* sql`UPDATE inventory.stock SET reserved = reserved + 1 WHERE product_id IN (SELECT product_id FROM inventory.stock WHERE on_hand > reserved LIMIT 1)`
  yield* sql`UPDATE ledger.claiming SET paused = true`
  const waiting = yield* ordered(cluster, 2)
  yield* sql`
    UPDATE ledger.entries SET parked_at = now(), parked_reason = 'a test' WHERE id = ${waiting.acknowledged[0]!.answer
    .id!}`
  // And the customers know of an order that nobody has, and have mostly got no answers at all.
  const lost = { ...ended!, key: randomUUID(), answer: { status: 202, text: "{}", id: randomUUID() } }
  const unanswered = { ...ended!, answer: undefined }
  return {
    sent: [ended!, lost, unanswered, unanswered],
    acknowledged: [ended!, lost],
    refused: 0,
    unanswered: 2,
    repeated: 0
  } satisfies Served
}, Effect.orDie)
