import type { PlaceOrder } from "@surety/contracts/edge-api"
import { PRICES_MAX } from "@surety/contracts/inventory-api"
import { InvalidOrder, ServiceUnavailable, UnknownProduct } from "@surety/contracts/problems"
import type { ProductId } from "@surety/domain/ids"
import { AMOUNT_MAX_CENTS, totalOf } from "@surety/domain/money"
import { mergeItems, type OrderLine, QUANTITY_MAX } from "@surety/domain/order"
import { grouped } from "@surety/platform/grouped"
import { Cache, Effect, Exit } from "effect"
import type { Neighbours } from "./neighbours.ts"

const RETRY_AFTER_SECONDS = 2
/** A product's price is for ever, as the catalogue has it now; this is for a catalogue that is changed by hand. */
const PRICE_KEPT = "1 minute"
const PRICES_KEPT = 10_000

/** In minor units; undefined for what the catalogue does not have. */
type Price = Exit.Exit<number | undefined, ServiceUnavailable>

const away: Price = Exit.fail(
  new ServiceUnavailable({ detail: "the catalogue does not answer", retry_after_seconds: RETRY_AFTER_SECONDS })
)

/** The catalogue's prices. Orders that ask at once ask together, and none asks for what has just been told. */
export const makeAskPrice = ({ inventory }: Neighbours["Service"], timeoutMillis: number) =>
  Effect.gen(function*() {
    const ask = yield* grouped(
      { size_max: PRICES_MAX, turns: 2 },
      (products: ReadonlyArray<ProductId>) =>
        inventory.catalogue.prices({ payload: { product_ids: [...new Set(products)] } }).pipe(
          Effect.timeout(timeoutMillis),
          Effect.map(({ prices }) => {
            const priceOf = new Map(prices.map((price) => [price.product_id, price.price_cents]))
            return products.map((product): Price => Exit.succeed(priceOf.get(product)))
          }),
          Effect.catchCause((cause) =>
            Effect.as(Effect.logWarning("catalogue unavailable", cause), products.map(() => away))
          )
        )
    )
    const prices = yield* Cache.makeWith((product: ProductId) => Effect.flatten(ask(product)), {
      capacity: PRICES_KEPT,
      timeToLive: (exit) => Exit.isSuccess(exit) && exit.value !== undefined ? PRICE_KEPT : 0
    })
    return (product: ProductId) => Cache.get(prices, product)
  })

type AskPrice = Effect.Success<ReturnType<typeof makeAskPrice>>

/** Lines merged a product, each at the catalogue's price, and their exact total. No money is touched before this holds. */
export const priceOrder = Effect.fn("priceOrder")(function*(askPrice: AskPrice, order: PlaceOrder) {
  const items = mergeItems(order.items)
  const tooMany = items.find((item) => item.quantity > QUANTITY_MAX)
  if (tooMany !== undefined) {
    const detail = `${tooMany.quantity} units of ${tooMany.product_id}: at most ${QUANTITY_MAX} of one product an order`
    return yield* new InvalidOrder({ detail })
  }
  const prices = yield* Effect.forEach(items, ({ product_id }) => askPrice(product_id), { concurrency: "unbounded" })
  const unknown = items.flatMap(({ product_id }, i) => prices[i] === undefined ? [product_id] : [])
  if (unknown.length > 0) {
    return yield* new UnknownProduct({ detail: `not in the catalogue: ${unknown.join(", ")}`, product_ids: unknown })
  }
  const lines = items.map((item, i): OrderLine => ({ ...item, unit_price_cents: prices[i]! }))
  const total_cents = totalOf(lines)
  if (total_cents === 0n) return yield* new InvalidOrder({ detail: "the total is 0 cents: there is nothing to pay" })
  if (total_cents > AMOUNT_MAX_CENTS) {
    return yield* new InvalidOrder({ detail: `the total of ${total_cents} cents is over ${AMOUNT_MAX_CENTS}` })
  }
  return { lines, total_cents }
})
