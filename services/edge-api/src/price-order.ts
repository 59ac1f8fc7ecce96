import type { PlaceOrder } from "@surety/contracts/edge-api"
import { InvalidOrder, ServiceUnavailable, UnknownProduct } from "@surety/contracts/problems"
import { AMOUNT_MAX_CENTS, totalOf } from "@surety/domain/money"
import { mergeItems, type OrderLine, QUANTITY_MAX } from "@surety/domain/order"
import { Effect } from "effect"
import type { Neighbours } from "./neighbours.ts"

const RETRY_AFTER_SECONDS = 2

/** Lines merged a product, each at the catalogue's price, and their exact total. No money is touched before this holds. */
export const priceOrder = Effect.fn("priceOrder")(
  function*({ inventory }: Neighbours["Service"], order: PlaceOrder, timeoutMillis: number) {
    const items = mergeItems(order.items)
    const tooMany = items.find((item) => item.quantity > QUANTITY_MAX)
    if (tooMany !== undefined) {
      const detail =
        `${tooMany.quantity} units of ${tooMany.product_id}: at most ${QUANTITY_MAX} of one product an order`
      return yield* new InvalidOrder({ detail })
    }
    const { prices, unknown } = yield* inventory.catalogue.prices({
      payload: { product_ids: items.map((item) => item.product_id) }
    }).pipe(
      Effect.timeout(timeoutMillis),
      Effect.catchCause((cause) =>
        Effect.logWarning("catalogue unavailable", cause).pipe(Effect.andThen(
          new ServiceUnavailable({ detail: "the catalogue does not answer", retry_after_seconds: RETRY_AFTER_SECONDS })
        ))
      )
    )
    if (unknown.length > 0) {
      return yield* new UnknownProduct({ detail: `not in the catalogue: ${unknown.join(", ")}`, product_ids: unknown })
    }
    const priceOf = new Map(prices.map((price) => [price.product_id, price.price_cents]))
    const lines = items.map((item): OrderLine => ({ ...item, unit_price_cents: priceOf.get(item.product_id)! }))
    const total_cents = totalOf(lines)
    if (total_cents === 0n) return yield* new InvalidOrder({ detail: "the total is 0 cents: there is nothing to pay" })
    if (total_cents > AMOUNT_MAX_CENTS) {
      return yield* new InvalidOrder({ detail: `the total of ${total_cents} cents is over ${AMOUNT_MAX_CENTS}` })
    }
    return { lines, total_cents }
  }
)
