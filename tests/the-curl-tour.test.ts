import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { assertBooksBalance, place, request, stackForTests } from "./stack-for-tests.ts"

describe("the curl tour", () => {
  it.live("works as the README has it, and every status of the journey is seen", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* request("POST", `${stack.urls.inventory}/products`, {
        name: "Widget",
        sku: "WIDGET-1",
        priceCents: 2999
      })
      assert.strictEqual(product.status, 201)
      const stock = yield* request(
        "POST",
        `${stack.urls.inventory}/products/${product.body["id"]}/stock`,
        { quantity: 100, reason: "Initial inventory" },
        { "idempotency-key": "stock-1" }
      )
      assert.strictEqual(stock.status, 200)
      const placed = yield* place(stack, {
        user_id: "user_1",
        email: "a@example.com",
        items: [{ product_id: product.body["id"], quantity: 2 }],
        payment: { method: "card", token: "tok_visa_success" }
      })
      assert.strictEqual(placed.status, 202)
      assert.match(placed.headers.get("x-trace-id") ?? "", /^[0-9a-f]{32}$/)
      const { order_ledger_id, ...rest } = placed.body
      assert.deepStrictEqual(rest, { status: "AUTHORIZED", message: "Order received, processing" })
      const order = yield* request("GET", `${stack.urls.edge_api}/orders/${order_ledger_id}`).pipe(
        Effect.repeat({
          until: (reply) => reply.body["status"] === "COMPLETED",
          schedule: Schedule.spaced("20 millis")
        }),
        Effect.timeout("20 seconds")
      )
      assert.strictEqual(order.body["total_cents"], 5998)
      assert.deepStrictEqual(
        order.body["timeline"].map((transition: { status: string }) => transition.status),
        ["AWAITING_AUTHORIZATION", "AUTHORIZED", "ORDER_CREATED", "INVENTORY_RESERVED", "PAYMENT_CAPTURED", "COMPLETED"]
      )
      const available = yield* request("GET", `${stack.urls.inventory}/products/${product.body["id"]}/availability`)
      assert.strictEqual(available.body["available"], 98)
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))
})
