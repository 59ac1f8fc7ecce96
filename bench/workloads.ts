import type { PlaceOrder } from "@surety/contracts/edge-api"
import { addresses, catalogue, flashSaleUnits } from "./catalogue.ts"
import type { WorkloadName } from "./names.ts"

/** An order as the load generator sends it. */
type Order = {
  readonly [Field in keyof PlaceOrder]: Field extends "items"
    ? ReadonlyArray<{ readonly product_id: string; readonly quantity: number }>
    : PlaceOrder[Field]
}

export interface Workload {
  readonly name: WorkloadName
  readonly says: string
  /** The nth order; `random` gives numbers from 0 up to 1. */
  readonly order: (n: number, random: () => number) => Order
  /** How often each key is sent, all at once. */
  readonly copies: number
  /** Buyers who all come at the same moment, instead of a stream of them. */
  readonly burst?: number
  /** How many orders must end COMPLETED, where that is known beforehand. */
  readonly completed?: number
}

const SHARE_OF_MISFITS = 0.1

const pick = <A>(of: ReadonlyArray<A>, random: () => number): A => of[Math.floor(random() * of.length)]!

const orderOf = (products: ReadonlyArray<string>, n: number, random: () => number, token = "tok_visa_success") => ({
  user_id: `user_${n % 5000}`,
  email: `user_${n % 5000}@example.com`,
  items: products.map((product_id) => ({ product_id, quantity: 1 })),
  payment: { method: "card" as const, token },
  shipping_address: pick(addresses, random)
})

/** Five different products: neighbours in the catalogue, from a random one on. */
const fiveOf = (random: () => number) => {
  const first = Math.floor(random() * catalogue.uniform.length)
  return Array.from({ length: 5 }, (_, i) => catalogue.uniform[(first + i * 7) % catalogue.uniform.length]!)
}

export const workloads: Readonly<Record<WorkloadName, Workload>> = {
  uniform: {
    name: "uniform",
    says: "one line, 1,000 products in 10 warehouses",
    order: (n, random) => orderOf([pick(catalogue.uniform, random)], n, random),
    copies: 1
  },
  hot: {
    name: "hot",
    says: "one line, one product in one warehouse",
    order: (n, random) => orderOf([catalogue.hot], n, random),
    copies: 1
  },
  "five-lines": {
    name: "five-lines",
    says: "five lines, 1,000 products in 10 warehouses",
    order: (n, random) => orderOf(fiveOf(random), n, random),
    copies: 1
  },
  declines: {
    name: "declines",
    says: "as uniform, 10 % declined by the card's bank",
    order: (n, random) => {
      const token = random() < SHARE_OF_MISFITS ? "tok_decline_insufficient" : "tok_visa_success"
      return orderOf([pick(catalogue.uniform, random)], n, random, token)
    },
    copies: 1
  },
  "out-of-stock": {
    name: "out-of-stock",
    says: "as uniform, 10 % want what is sold out",
    order: (n, random) => {
      const product = random() < SHARE_OF_MISFITS ? catalogue.soldOut : pick(catalogue.uniform, random)
      return orderOf([product], n, random)
    },
    copies: 1
  },
  duplicates: {
    name: "duplicates",
    says: "as uniform, each request sent twice at once",
    order: (n, random) => orderOf([pick(catalogue.uniform, random)], n, random),
    copies: 2
  },
  "flash-sale": {
    name: "flash-sale",
    says: "500 units, 5,000 buyers at once",
    order: (n, random) => orderOf([catalogue.flashSale], n, random),
    copies: 1,
    burst: 5000,
    completed: flashSaleUnits
  }
}
