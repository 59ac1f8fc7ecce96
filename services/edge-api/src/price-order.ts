import type { PlaceOrder } from "@surety/contracts/edge-api"
import { PRICES_MAX } from "@surety/contracts/inventory-api"
import { InvalidOrder, ServiceUnavailable, UnknownProduct } from "@surety/contracts/problems"
import type { ProductId } from "@surety/domain/ids"
import { AMOUNT_MAX_CENTS, totalOf } from "@surety/domain/money"
import { LINES_MAX, mergeItems, type OrderLine, QUANTITY_MAX } from "@surety/domain/order"
import { grouped } from "@surety/platform/grouped"
import { Effect } from "effect"
import type { Neighbours } from "./neighbours.ts"

const RETRY_AFTER_SECONDS = 2
/**
 * How long an order waits for others to be accepted with: those that ask for prices together are written, authorized and
 * answered together from then on.
 */
const GATHER_MILLIS = 8

/**
 * The catalogue's prices; orders that ask at once ask together. What goes wrong is logged once for all of them, and none
 * has been taken on yet.
 */
export const makeAskPrices = ({ inventory }: Neighbours["Service"], timeoutMillis: number) =>
  grouped(
    { size_max: PRICES_MAX / LINES_MAX, turns: 2, gather_millis: GATHER_MILLIS },
    (orders: ReadonlyArray<ReadonlyArray<ProductId>>) =>
      inventory.catalogue.prices({ payload: { product_ids: [...new Set(orders.flat())] } }).pipe(
        Effect.timeout(timeoutMillis),
        Effect.map(({ prices }) => {
          const priceOf = new Map(prices.map((price) => [price.product_id, price.price_cents]))
          return orders.map(() => priceOf)
        }),
        Effect.catchCause((cause) =>
          Effect.logWarning("catalogue unavailable", cause).pipe(Effect.as(orders.map(() => undefined)))
        )
      )
  )

type AskPrices = Effect.Success<ReturnType<typeof makeAskPrices>>

/** Lines merged a product, each at the catalogue's price, and their exact total. No money is touched before this holds. */
export const priceOrder = Effect.fn("priceOrder")(function*(askPrices: AskPrices, order: PlaceOrder) {
  const items = mergeItems(order.items)
  const tooMany = items.find((item) => item.quantity > QUANTITY_MAX)
  if (tooMany !== undefined) {
    const detail = `${tooMany.quantity} units of ${tooMany.product_id}: at most ${QUANTITY_MAX} of one product an order`
    return yield* new InvalidOrder({ detail })
  }
  const priceOf = yield* askPrices(items.map((item) => item.product_id))
  if (priceOf === undefined) {
    const detail = "the catalogue does not answer"
    return yield* new ServiceUnavailable({ detail, retry_after_seconds: RETRY_AFTER_SECONDS })
  }
  const unknown = items.flatMap(({ product_id }) => priceOf.has(product_id) ? [] : [product_id])
  if (unknown.length > 0) {
    return yield* new UnknownProduct({ detail: `not in the catalogue: ${unknown.join(", ")}`, product_ids: unknown })
  }
  const lines = items.map((item): OrderLine => ({ ...item, unit_price_cents: priceOf.get(item.product_id)! }))
  const total_cents = totalOf(lines)
  if (total_cents === 0n) return yield* new InvalidOrder({ detail: "the total is 0 cents: there is nothing to pay" })
  if (total_cents > AMOUNT_MAX_CENTS) {
    return yield* new InvalidOrder({ detail: `the total of ${total_cents} cents is over ${AMOUNT_MAX_CENTS}` })
  }
  return { lines, total_cents }
})
