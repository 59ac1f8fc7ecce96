import type { CreateProduct, Prices } from "@surety/contracts/inventory-api"
import { PAGE_MAX } from "@surety/contracts/manners"
import { ProductNotFound, SkuTaken } from "@surety/contracts/problems"
import { FIRST_ID, ProductId } from "@surety/domain/ids"
import { Effect, Schema } from "effect"
import { CatalogueStore } from "./catalogue-store.ts"
import { newId } from "./new-id.ts"
import { StockStore } from "./stock-store.ts"

export const createProduct = Effect.fn("createProduct")(function*(input: CreateProduct) {
  const store = yield* CatalogueStore
  const { name, sku } = input
  const price_cents = (input.price_cents ?? input.priceCents)!
  const id = ProductId.make(yield* newId)
  const created = yield* store.insert({ id, name, sku, price_cents })
  if (created !== undefined) return created
  const existing = (yield* store.bySku(sku))!
  return yield* new SkuTaken({ sku, existing_product_id: existing.id, detail: `${sku} is ${existing.name}` })
})

export const readProduct = Effect.fn("readProduct")(function*(id: ProductId) {
  return (yield* CatalogueStore.use((store) => store.byId(id))) ?? (yield* noSuchProduct(id))
})

export const noSuchProduct = (id: ProductId) =>
  new ProductNotFound({ product_id: id, detail: "there is no product with this id" })

const BEFORE_ALL = ProductId.make(FIRST_ID)
const isProductId = Schema.is(ProductId)

/** A page of the catalogue. A cursor that is not ours starts from the beginning. */
export const listProducts = Effect.fn("listProducts")(
  function*({ cursor, limit = PAGE_MAX }: { readonly cursor?: string; readonly limit?: number }) {
    const start = cursor !== undefined && isProductId(cursor) ? cursor : BEFORE_ALL
    const products = yield* CatalogueStore.use((store) => store.after(start, limit))
    const last = products.length === limit ? products.at(-1) : undefined
    return { products, ...(last && { next_cursor: last.id }) }
  }
)

/** The prices of those products that there are, and which there are not; each product once. */
export const readPrices = Effect.fn("readPrices")(function*(ids: ReadonlyArray<ProductId>) {
  const distinct = [...new Set(ids)]
  const prices = yield* CatalogueStore.use((store) => store.prices(distinct))
  const known = new Set(prices.map(({ product_id }) => product_id))
  return { prices, unknown: distinct.filter((id) => !known.has(id)) } satisfies Prices
})

/** Levels of a product, in all and in each warehouse that stocks it. */
export const readAvailability = Effect.fn("readAvailability")(function*(id: ProductId) {
  const warehouses = yield* StockStore.use((store) => store.levels(id))
  if (warehouses.length === 0) yield* readProduct(id)
  const sum = (units: (level: (typeof warehouses)[number]) => number) =>
    warehouses.reduce((total, level) => total + units(level), 0)
  return {
    product_id: id,
    on_hand: sum((level) => level.on_hand),
    reserved: sum((level) => level.reserved),
    available: sum((level) => level.available),
    warehouses
  }
})
