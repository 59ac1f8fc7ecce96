// The cast: each order that the demo places, and the end it must come to.
import type { PlaceOrder } from "@surety/contracts/edge-api"
import type { ProductId, WarehouseId } from "@surety/domain/ids"
import type { ShippingAddress } from "@surety/domain/order"
import { seedProducts, seedWarehouses } from "@surety/inventory/seed"

export type Ending =
  | { readonly status: "COMPLETED"; readonly from: WarehouseId }
  | { readonly status: "FAILED" | "AUTHORIZATION_FAILED"; readonly reason: string }

export interface Story {
  readonly title: string
  readonly plot: string
  readonly product: ProductId
  readonly ships_to?: ShippingAddress
  readonly token?: string
  /** How often the order is sent, each time with the same key. */
  readonly sent?: number
  readonly ends: Ending
}

const { newark, reno, rotterdam, sydney } = seedWarehouses
const completedFrom = (from: WarehouseId): Ending => ({ status: "COMPLETED", from })

/** The long one sets off first, so that the others pass it by. */
export const stories: ReadonlyArray<Story> = [
  {
    title: "An answer gets lost",
    plot: "the provider takes the money, but we never hear of it; we ask again with the same key",
    product: seedProducts.tea,
    token: "tok_capture_timeout_after",
    ends: completedFrom(rotterdam)
  },
  {
    title: "Tea to Berlin",
    plot: "the nearest warehouse has it",
    product: seedProducts.tea,
    ships_to: { city: "Berlin", country: "DE" },
    ends: completedFrom(rotterdam)
  },
  {
    title: "Coffee to New York",
    plot: "so has the one over there",
    product: seedProducts.coffee,
    ships_to: { city: "New York", postal_code: "10001", country: "US" },
    ends: completedFrom(newark)
  },
  {
    title: "A mug to San Francisco",
    plot: "one country, two coasts",
    product: seedProducts.mug,
    ships_to: { city: "San Francisco", country: "US" },
    ends: completedFrom(reno)
  },
  {
    title: "Tea to Sydney",
    plot: "the same tea, from the other side of the world",
    product: seedProducts.tea,
    ships_to: { city: "Sydney", country: "AU" },
    ends: completedFrom(sydney)
  },
  {
    title: "A kettle to Nairobi",
    plot: "the warehouse in town does not have it",
    product: seedProducts.kettle,
    ships_to: { city: "Nairobi", country: "KE" },
    ends: completedFrom(rotterdam)
  },
  {
    title: "A boomerang to London",
    plot: "only one warehouse in the world has it",
    product: seedProducts.boomerang,
    ships_to: { city: "London", country: "GB" },
    ends: completedFrom(sydney)
  },
  {
    title: "Tea to Atlantis",
    plot: "no map has it, so the default warehouse sends it",
    product: seedProducts.tea,
    ships_to: { city: "Atlantis" },
    ends: completedFrom(rotterdam)
  },
  {
    title: "The same order, twice",
    plot: "one key, two requests, one order",
    product: seedProducts.coffee,
    sent: 2,
    ends: completedFrom(rotterdam)
  },
  {
    title: "An empty purse",
    plot: "the bank declines, and the customer is told at once",
    product: seedProducts.coffee,
    token: "tok_decline_insufficient",
    ends: { status: "AUTHORIZATION_FAILED", reason: "insufficient_funds" }
  },
  {
    title: "Sold out",
    plot: "the money is held, but there is nothing to send",
    product: seedProducts.soldOut,
    ends: { status: "FAILED", reason: "insufficient_stock" }
  },
  {
    title: "The bank changes its mind",
    plot: "money and stock are held, but the capture is refused",
    product: seedProducts.coffee,
    token: "tok_capture_refused",
    ends: { status: "FAILED", reason: "capture_refused: do_not_honor" }
  }
]

export const orderOf = ({ product, ships_to, token = "tok_visa_success" }: Story): PlaceOrder => ({
  user_id: "demo",
  email: "ada@example.com",
  items: [{ product_id: product, quantity: 1 }],
  payment: { method: "card", token },
  ...(ships_to === undefined ? {} : { shipping_address: ships_to })
})
