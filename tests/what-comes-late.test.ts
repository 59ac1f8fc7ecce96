import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { request, stackForTests, stocked } from "./stack-for-tests.ts"

describe("what comes late", () => {
  it.live("was undone before, so that in no service it is ever done: neither order nor stock nor money", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests({}, ["orchestrator"])
      const product_id = yield* stocked(stack, 5)
      const id = randomUUID()
      const items = [{ product_id, quantity: 1, unit_price_cents: 2999 }]
      const contents = { user_id: "user_1", email: "ada@example.com", items, total_cents: 2999, currency: "usd" }
      const { inventory, orders, payment } = stack.urls
      const outcomeOf = (url: string, item: unknown) =>
        Effect.map(request("POST", url, { items: [item] }), ({ body }) => body.results[0].outcome as string)

      const undone = [
        yield* outcomeOf(`${inventory}/reservations/releases/batch`, id),
        yield* outcomeOf(`${orders}/orders/cancellations/batch`, { order_ledger_id: id, reason: "a test" }),
        yield* outcomeOf(`${payment}/payments/voids/batch`, id)
      ]
      assert.deepStrictEqual(undone, ["done", "done", "done"])

      const reservation = { order_id: id, items: [{ product_id, quantity: 1 }] }
      const authorization = { reference: id, amount_cents: 2999, currency: "usd", token: "tok_visa_success" }
      const late = [
        yield* outcomeOf(`${inventory}/reservations/batch`, reservation),
        yield* outcomeOf(`${orders}/orders/batch`, { order_ledger_id: id, ...contents }),
        (yield* request("POST", `${payment}/payments/authorize`, authorization)).body["current"]
      ]
      assert.deepStrictEqual(late, ["refused", "refused", "VOIDED"])
      const { body } = yield* request("GET", `${inventory}/products/${product_id}/availability`)
      assert.strictEqual(body["reserved"], 0)
    }).pipe(Effect.scoped))
})
