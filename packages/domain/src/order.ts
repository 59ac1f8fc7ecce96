import { Schema } from "effect"
import { ProductId } from "./ids.ts"
import { Cents } from "./money.ts"

export const LINES_MAX = 50
export const QUANTITY_MAX = 100

/** Text as people type it: trimmed of nothing, without NUL (PostgreSQL stores none), of bounded length. */
export const text = (maxLength: number) =>
  Schema.String.check(
    Schema.isBetweenLength(1, maxLength),
    Schema.makeFilter((s) => !s.includes("\u0000") || "must not contain NUL"),
    Schema.makeFilter((s) => s.isWellFormed() || "must be well-formed Unicode")
  )

export const Quantity = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: QUANTITY_MAX })).annotate({
  identifier: "Quantity",
  description: `Whole units, 1 to ${QUANTITY_MAX}`
})

/** What a customer asks for: a product and how many. */
export const OrderItem = Schema.Struct({ product_id: ProductId, quantity: Quantity }).annotate({
  identifier: "OrderItem"
})
export type OrderItem = typeof OrderItem.Type

/** What the order holds them to: the item with the catalogue's price at the time of the order. */
export const OrderLine = Schema.Struct({ product_id: ProductId, quantity: Quantity, unit_price_cents: Cents }).annotate(
  {
    identifier: "OrderLine"
  }
)
export type OrderLine = typeof OrderLine.Type

export const Location = Schema.Struct({
  latitude: Schema.Finite.check(Schema.isBetween({ minimum: -90, maximum: 90 })),
  longitude: Schema.Finite.check(Schema.isBetween({ minimum: -180, maximum: 180 }))
}).annotate({ identifier: "Location", description: "WGS 84, degrees" })
export type Location = typeof Location.Type

export const ShippingAddress = Schema.Struct({
  line1: Schema.optionalKey(text(200)),
  line2: Schema.optionalKey(text(200)),
  city: Schema.optionalKey(text(100)),
  region: Schema.optionalKey(text(100)),
  postal_code: Schema.optionalKey(text(20)),
  country: Schema.optionalKey(text(60)),
  location: Schema.optionalKey(Location)
}).annotate({ identifier: "ShippingAddress" })
export type ShippingAddress = typeof ShippingAddress.Type

/** Lines of one product become one, in order of first mention: stock is locked a product at a time, and so counted. */
export const mergeItems = (items: ReadonlyArray<OrderItem>): ReadonlyArray<OrderItem> => {
  const merged = new Map<ProductId, OrderItem>()
  for (const item of items) {
    const before = merged.get(item.product_id)?.quantity ?? 0
    merged.set(item.product_id, { product_id: item.product_id, quantity: before + item.quantity })
  }
  return [...merged.values()]
}
