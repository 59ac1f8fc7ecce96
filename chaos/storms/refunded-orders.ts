import { simulatorControl } from "@surety/provider-simulator/control-client"
import { httpCall } from "@surety/testkit/http-call"
import { Effect } from "effect"
import type { Cluster } from "../cluster/cluster.ts"
import type { Customers } from "../cluster/customers.ts"
import { orderOf } from "../cluster/mixed-orders.ts"
import { askProvider } from "../cluster/provider-hand.ts"
import { until } from "./passing-time.ts"
import type { Ground } from "./storm.ts"

/**
 * Orders that an operator turns back after their money was taken, so that it is refunded: nothing else leads there. Each
 * has a token of its own, that says how the provider treats its refund.
 */
export const turnedBackAfterCapture = Effect.fnUntraced(
  function*({ cluster, customers }: Pick<Ground, "cluster" | "customers">, tokens: ReadonlyArray<string>) {
    const { sql } = cluster
    // The step after the capture is kept from happening, until the operator has spoken.
    const stock = cluster.link("orchestrator->inventory")
    yield* stock.suffer({ reset_before: 1 }, { only: ({ what }) => what.includes("/commitments/") })
    const crowd: Customers = yield* customers({
      orders: tokens.length,
      order: (n) => orderOf(n, { token: tokens[n]! }),
      pace: { at_once: 8 }
    })
    const { acknowledged } = yield* crowd.served
    const ids = acknowledged.map(({ answer }) => answer.id!)
    const captured = sql<{ n: number }>`
      SELECT count(*)::int AS n FROM ledger.entries WHERE id = ANY (${ids}::uuid[]) AND status = 'PAYMENT_CAPTURED'`
    yield* until("all captures", Effect.map(Effect.orDie(captured), ([row]) => row!.n === ids.length))
    // A parked order is held by nobody: a worker that still did the step would do it while the operator undoes it.
    yield* sql`UPDATE ledger.claiming SET paused = true`
    const [paused] = yield* sql<{ at: string }>`SELECT clock_timestamp()::text AS at`
    const earlier = sql`
      SELECT FROM pg_stat_activity
      WHERE application_name = 'surety-orchestrator' AND state = 'active' AND query_start <= ${paused!.at}::timestamptz`
    yield* until("the last claim that had not seen it", Effect.map(Effect.orDie(earlier), (rows) => rows.length === 0))
    const held = sql`SELECT FROM ledger.entries WHERE id = ANY (${ids}::uuid[]) AND lease_until IS NOT NULL`
    yield* until("leases handed back", Effect.map(Effect.orDie(held), (rows) => rows.length === 0))
    yield* sql`
      WITH parked AS (
        UPDATE ledger.entries SET parked_at = now(), parked_reason = 'looked at by an operator'
        WHERE id = ANY (${ids}::uuid[]) RETURNING id
      )
      UPDATE ledger.due SET next_run_at = 'infinity' FROM parked WHERE order_id = parked.id`
    yield* sql`UPDATE ledger.claiming SET paused = false`
    yield* stock.suffer({})
    yield* Effect.forEach(ids, (id) => turnBack(cluster, id), { concurrency: 8, discard: true })
    const orders = acknowledged.map(({ answer, body }) => ({ id: answer.id!, token: JSON.parse(body).payment.token }))
    return { crowd, orders: orders as ReadonlyArray<{ readonly id: string; readonly token: string }> }
  },
  Effect.orDie
)

const turnBack = (cluster: Cluster, id: string) =>
  httpCall("POST", `${cluster.direct.orchestrator}/sagas/${id}/compensate`, { note: "a storm" }).pipe(
    Effect.flatMap(({ status, text }) => status === 200 ? Effect.void : Effect.die(new Error(`${id}: ${text}`)))
  )

/**
 * What an operator does about a refund that the provider failed to do and remembers as failed: nothing else is ever sent
 * under another key. He gives the money back by hand and leaves our mark in it, by which the saga finds it.
 */
export const refundByHand = Effect.fnUntraced(function*(simulator: string, reference: string) {
  const [payment] = yield* simulatorControl(simulator).payments(reference)
  yield* askProvider(simulator, "refunds", {
    payment_intent: payment!.provider_id,
    amount: `${payment!.captured_cents}`,
    "metadata[key]": `${reference}:refund:undo`
  })
})
