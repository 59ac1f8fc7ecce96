import { Effect } from "effect"
import { type Breakage, repaired } from "./breakage.ts"
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
import { anOrderId } from "./reconciled-stack.ts"
import type { Stack } from "./stack-for-tests.ts"

/** Captured, and given back as far as our books go. */
export const refundedOnPaper = Effect.fnUntraced(function*(stack: Stack, order: string, product: string) {
  yield* byHand(stack, order, product).capture
  yield* stack.sql`
    INSERT INTO payment.refunds (reference, key, amount_cents, status)
    VALUES (${order}::uuid, 'undo', ${TOTAL}::bigint, 'DONE')`
  yield* stack.sql`
    UPDATE payment.payments SET status = 'REFUNDED', refunded_cents = captured_cents WHERE reference = ${order}::uuid`
})

/** What has one right answer. */
export const withOneAnswer: Readonly<Record<string, Breakage>> = {
  "a hold at the provider that no book knows": {
    found: repaired("hold_without_order"),
    made: ({ stack }) => {
      const order = anOrderId()
      return Effect.as(atProvider(stack).hold(order), order)
    }
  },
  "a hold whose order has failed": {
    found: repaired("hold_without_order"),
    made: ({ product, stack }) => Effect.tap(heldOrder(stack, product), (order) => failed(stack, order))
  },
  "a hold that our record says is void": {
    found: repaired("hold_without_order"),
    made: ({ product, stack }) =>
      Effect.gen(function*() {
        const order = yield* heldOrder(stack, product)
        yield* stack.sql`UPDATE payment.payments SET status = 'VOIDED' WHERE reference = ${order}::uuid`
        yield* failed(stack, order)
        return order
      })
  },
  "a second hold beside the one that was captured": {
    found: repaired("double_hold"),
    made: ({ completed, stack }) => {
      const order = completed()
      return Effect.as(atProvider(stack).hold(order), order)
    }
  },
  "a capture on record that the provider never made": {
    found: repaired("record_without_capture"),
    made: ({ product, stack }) =>
      fulfilledWithout(stack, product, ["capture"], (order) =>
        stack.sql`
          UPDATE payment.payments SET status = 'CAPTURED', captured_cents = amount_cents WHERE reference = ${order}::uuid`)
  },
  "a capture that neither record nor provider has of an order that was fulfilled": {
    found: repaired("record_without_capture"),
    made: ({ product, stack }) => fulfilledWithout(stack, product, ["capture"])
  },
  "money that was kept though its order has failed": {
    found: repaired("missing_refund"),
    made: ({ product, stack }) =>
      Effect.gen(function*() {
        const order = yield* heldOrder(stack, product)
        yield* byHand(stack, order, product).capture
        yield* failed(stack, order)
        return order
      })
  },
  "money that the provider took for an order that has failed, and nobody knows": {
    found: repaired("missing_refund"),
    made: ({ product, stack }) =>
      Effect.gen(function*() {
        const order = yield* heldOrder(stack, product)
        yield* atProvider(stack).capture(yield* providerIdOf(stack, order))
        yield* failed(stack, order)
        return order
      })
  },
  "a refund on record that the provider never gave": {
    found: repaired("missing_refund"),
    made: ({ product, stack }) =>
      Effect.gen(function*() {
        const order = yield* heldOrder(stack, product)
        yield* refundedOnPaper(stack, order, product)
        yield* failed(stack, order)
        return order
      })
  },
  "stock held for an order that has failed": {
    found: repaired("leaked_reservation"),
    made: ({ product, stack }) =>
      Effect.gen(function*() {
        const order = yield* heldOrder(stack, product)
        yield* byHand(stack, order, product).reserve
        yield* byHand(stack, order, product).void
        yield* failed(stack, order)
        return order
      })
  },
  "stock that never left the shelf for an order that was fulfilled": {
    found: repaired("leaked_reservation"),
    made: ({ product, stack }) => fulfilledWithout(stack, product, ["commit"])
  },
  "an order that was not confirmed": {
    found: repaired("order_at_odds"),
    made: ({ product, stack }) => fulfilledWithout(stack, product, ["confirm"])
  },
  "an order that was not cancelled": {
    found: repaired("order_at_odds"),
    made: ({ product, stack }) =>
      Effect.gen(function*() {
        const order = yield* heldOrder(stack, product)
        yield* byHand(stack, order, product).create
        yield* byHand(stack, order, product).void
        yield* failed(stack, order)
        return order
      })
  },
  "an order of which nothing at all was undone": {
    found: repaired("hold_without_order", "leaked_reservation", "order_at_odds"),
    made: ({ product, stack }) =>
      Effect.gen(function*() {
        const order = yield* heldOrder(stack, product)
        yield* byHand(stack, order, product).create
        yield* byHand(stack, order, product).reserve
        yield* failed(stack, order)
        return order
      })
  }
}

/** What went wrong long after all had been well. */
export const longAfterwards: Readonly<Record<string, Breakage>> = {
  "a capture that our record does not know of": {
    found: repaired("capture_without_record"),
    made: ({ completed, stack }) => {
      const order = completed()
      const forget =
        `UPDATE payment.payments SET status = 'AUTHORIZED', captured_cents = 0 WHERE reference = '${order}'`
      return Effect.as(byForce(stack, forget), order)
    }
  },
  "money taken twice for one order": {
    found: repaired("capture_without_record"),
    made: ({ completed, stack }) =>
      Effect.gen(function*() {
        const order = completed()
        yield* atProvider(stack).capture(yield* atProvider(stack).hold(order))
        return order
      })
  }
}
