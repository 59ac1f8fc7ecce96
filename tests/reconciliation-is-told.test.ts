import { assert, describe, it } from "@effect/vitest"
import { findingKinds, findingStates } from "@surety/platform/telemetry/catalogue"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { atProvider, failed, heldOrder, TOTAL } from "./broken-books.ts"
import { anOrderId, soonReconciled, untilFound } from "./reconciled-stack.ts"
import { request, stocked } from "./stack-for-tests.ts"
import { placeTraced, watched } from "./watched-stack.ts"

describe("what reconciliation finds and does", () => {
  it.live("is in metrics, and in logs on the trace of the order", () =>
    Effect.gen(function*() {
      const { receiver, stack } = yield* watched(soonReconciled)
      const product = yield* stocked(stack, 5, TOTAL)
      yield* request("PUT", `${stack.urls.orchestrator}/claiming`, { paused: true })
      const order = {
        user_id: "user_1",
        email: "ada@example.com",
        items: [{ product_id: product, quantity: 1 }],
        payment: { method: "card", token: "tok_visa_success" }
      }
      const { reply, traceId } = yield* placeTraced(stack, order)
      yield* failed(stack, reply.body["order_ledger_id"])
      yield* atProvider(stack).hold(anOrderId())
      const asked = { reference: randomUUID(), amount_cents: TOTAL, currency: "usd", token: "tok_visa_success" }
      yield* request("POST", `${stack.urls.payment}/payments/authorize`, asked)
      // One that is under way is nothing to speak of.
      yield* heldOrder(stack, product)
      yield* untilFound(stack, [
        "hold_without_order REPAIRED",
        "hold_without_order REPAIRED",
        "payment_without_order PARKED"
      ])

      const value = (name: string, labels: Readonly<Record<string, string>>) =>
        receiver.seriesOf(name, labels, "orchestrator").reduce((sum, series) => sum + series.value, 0)
      yield* receiver.until("one that is parked, and two repairs", () => {
        const parked = value("reconciliation.findings", { "reconciliation.state": "parked" })
        return (parked === 1 && value("reconciliation.repairs", { "reconciliation.result": "done" }) === 2) || undefined
      })
      assert.strictEqual(value("reconciliation.findings", { "reconciliation.kind": "payment_without_order" }), 1)
      assert.lengthOf(receiver.seriesOf("reconciliation.findings"), findingKinds.length * findingStates.length)
      assert.strictEqual(value("reconciliation.repairs", { "reconciliation.result": "refused" }), 0)
      assert.isAbove(value("reconciliation.compared", {}), 0)
      assert.isBelow(value("reconciliation.look.age", {}), 60)

      const told = () => receiver.logs().filter(({ event }) => event?.startsWith("reconciliation."))
      // Logs come in their own time.
      const logs = yield* receiver.until("all five logs", () => told().length >= 5 ? told() : undefined)
      assert.deepStrictEqual(
        logs.map(({ body, event, severity }) => `${severity} ${event} ${String(body)}`).toSorted(),
        [
          "ERROR reconciliation.parked reconciliation.parked",
          "INFO reconciliation.repaired reconciliation.repaired",
          "INFO reconciliation.repaired reconciliation.repaired",
          "WARN reconciliation.found reconciliation.found",
          "WARN reconciliation.found reconciliation.found"
        ]
      )
      const ofOrder = logs.filter(({ trace_id }) => trace_id === traceId).map(({ event }) => event)
      assert.sameMembers(ofOrder, ["reconciliation.found", "reconciliation.repaired"])
      const repair = yield* receiver.awaitSpan(({ name, trace_id }) => trace_id === traceId && name === "void payment")
      assert.strictEqual(repair.attributes["payment.outcome"], "done")
      // What was read for it is no story.
      assert.isFalse(receiver.spans().some(({ name }) => name.includes("PaymentProvider.list")))
    }).pipe(Effect.scoped))
})
