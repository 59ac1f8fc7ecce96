import { seededRandom } from "@surety/platform/seeded-random"
import { addresses, catalogue } from "../../bench/catalogue.ts"

export interface OrderWish {
  readonly products?: ReadonlyArray<string>
  /** How the provider treats its payment; see the simulator's grammar. */
  readonly token?: string
}

const pick = <A>(of: ReadonlyArray<A>, random: () => number): A => of[Math.floor(random() * of.length)]!

/** An order as the edge takes it, of a product there is plenty of, unless told otherwise. */
export const orderOf = (n: number, wish: OrderWish = {}): object => ({
  user_id: `user_${n % 1000}`,
  email: `user_${n % 1000}@example.com`,
  items: (wish.products ?? [catalogue.uniform[n % catalogue.uniform.length]!]).map((product_id) => ({
    product_id,
    quantity: 1
  })),
  payment: { method: "card", token: wish.token ?? "tok_visa_success" },
  shipping_address: addresses[n % addresses.length]
})

/** Of a hundred orders so many are of a kind; the rest are of one product out of a thousand. */
const kinds: ReadonlyArray<readonly [share: number, (random: () => number) => OrderWish]> = [
  [8, (random) => ({ products: Array.from(new Set([1, 2, 3, 4, 5].map(() => pick(catalogue.uniform, random)))) })],
  [8, () => ({ products: [catalogue.hot] })],
  // Undone after the order was created, and after its stock was reserved.
  [5, () => ({ products: [catalogue.soldOut] })],
  [5, () => ({ token: "tok_capture_refused" })],
  [4, () => ({ token: "tok_decline_insufficient" })]
]

/** Orders of every kind there is, the same again for the same seed: most complete, some are undone, a few declined. */
export const mixedOrders = (seed: number) => {
  const random = seededRandom(seed)
  return (n: number): object => {
    let place = random() * 100
    for (const [share, wish] of kinds) {
      if (place < share) return orderOf(n, wish(random))
      place -= share
    }
    return orderOf(n, { products: [pick(catalogue.uniform, random)] })
  }
}
