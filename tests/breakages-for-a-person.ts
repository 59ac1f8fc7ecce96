import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { type Breakage, parked, repaired } from "./breakage.ts"
import { refundedOnPaper } from "./breakages-with-one-answer.ts"
import {
  atProvider,
  byForce,
  byHand,
  failed,
  fulfilledWithout,
  heldOrder,
  providerIdOf,
  TOTAL
} from "./broken-books.ts"
import { anOrderId, untilListed } from "./reconciled-stack.ts"
import { request } from "./stack-for-tests.ts"

/** What no look at new payments shows by itself. */
export const shownByNothingElse: Readonly<Record<string, Breakage>> = {
  "a refund that was never given, of an order that ended long after its payment was looked at": {
    found: repaired("missing_refund"),
    made: ({ product, stack }) =>
      Effect.gen(function*() {
        const order = yield* heldOrder(stack, product)
        yield* untilListed(stack)
        yield* refundedOnPaper(stack, order, product)
        yield* failed(stack, order)
        return order
      })
  },
  "a payment authorized by hand": {
    found: parked("payment_without_order"),
    made: ({ stack }) => {
      const reference = randomUUID()
      const asked = { reference, amount_cents: TOTAL, currency: "usd", token: "tok_visa_success" }
      return Effect.as(request("POST", `${stack.urls.payment}/payments/authorize`, asked), reference)
    }
  },
  "stock held by hand": {
    found: parked("leaked_reservation"),
    made: ({ product, stack }) => {
      const order = anOrderId()
      return Effect.as(byHand(stack, order, product).reserve, order)
    }
  }
}

/** What has more than one, or none. */
export const forAPerson: Readonly<Record<string, Breakage>> = {
  "money at the provider that no book knows": {
    found: parked("capture_without_record"),
    made: ({ stack }) =>
      Effect.gen(function*() {
        const order = anOrderId()
        yield* atProvider(stack).capture(yield* atProvider(stack).hold(order))
        return order
      })
  },
  "less taken than the order costs": {
    found: parked("wrong_amount"),
    made: ({ product, stack }) =>
      fulfilledWithout(stack, product, ["capture"], (order) =>
        Effect.gen(function*() {
          yield* atProvider(stack).capture(yield* providerIdOf(stack, order), TOTAL - 1)
          yield* stack.sql`
            UPDATE payment.payments SET status = 'CAPTURED', captured_cents = ${TOTAL}::bigint
            WHERE reference = ${order}::uuid`
        }))
  },
  "given back by somebody at the provider": {
    found: parked("wrong_amount"),
    made: ({ completed, stack }) =>
      Effect.gen(function*() {
        const order = completed()
        yield* atProvider(stack).refund(yield* providerIdOf(stack, order), 1)
        return order
      })
  },
  "another total in the order record": {
    found: parked("wrong_amount"),
    made: ({ completed, stack }) => {
      const order = completed()
      const more = `UPDATE orders.orders SET total_cents = total_cents + 1 WHERE order_ledger_id = '${order}'`
      return Effect.as(byForce(stack, more), order)
    }
  },
  "fulfilled, and its hold is gone": {
    found: parked("record_without_capture"),
    made: ({ product, stack }) =>
      fulfilledWithout(stack, product, ["capture"], (order) =>
        Effect.gen(function*() {
          yield* atProvider(stack).cancel(yield* providerIdOf(stack, order))
          yield* stack.sql`
            UPDATE payment.payments SET status = 'CAPTURED', captured_cents = amount_cents
            WHERE reference = ${order}::uuid`
        }))
  },
  "a record that counts on a payment which the provider does not have, and the money on another": {
    found: parked("record_without_capture", "capture_without_record"),
    made: ({ completed, stack }) => {
      const order = completed()
      const elsewhere = `UPDATE payment.payments SET provider_id = 'pi_nowhere' WHERE reference = '${order}'`
      return Effect.as(byForce(stack, elsewhere), order)
    }
  },
  "a refund that the provider refuses": {
    found: parked("missing_refund"),
    made: ({ product, stack }) =>
      Effect.gen(function*() {
        const order = yield* heldOrder(stack, product, "tok_refund_refused")
        yield* byHand(stack, order, product).capture
        yield* failed(stack, order)
        return order
      })
  },
  "stock that left for an order that has failed, and its confirmation": {
    found: parked("leaked_reservation", "order_at_odds"),
    made: ({ product, stack }) =>
      Effect.gen(function*() {
        const order = yield* heldOrder(stack, product)
        const deeds = byHand(stack, order, product)
        for (const deed of ["create", "reserve", "commit", "confirm", "void"] as const) yield* deeds[deed]
        yield* failed(stack, order)
        return order
      })
  }
}
