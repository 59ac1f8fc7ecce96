import { OrderId, ProductId, WarehouseId } from "@surety/domain/ids"
import { Cents } from "@surety/domain/money"
import { LINES_MAX, Location, OrderItem, ShippingAddress, text } from "@surety/domain/order"
import { CandidateVerdict, RefusalReason, ReservationStatus } from "@surety/domain/stock"
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiMiddleware, HttpApiSchema, OpenApi } from "effect/http-api"
import { Cursor, IdempotencyKey, PageLimit, setOf, setResults, strictly, Timestamp } from "./manners.ts"
import {
  IdempotencyKeyReused,
  InsufficientStock,
  NoSingleWarehouse,
  ProductNotFound,
  ReservationNotFound,
  SkuTaken,
  StateConflict,
  WarehouseCodeTaken,
  WarehouseNotFound
} from "./problems.ts"

const Sku = text(64)

/** `price_cents` or its camelCase spelling; exactly one of the two. */
export const CreateProduct = Schema.Struct({
  name: text(200),
  sku: Sku,
  price_cents: Schema.optionalKey(Cents),
  priceCents: Schema.optionalKey(Cents)
}).check(
  Schema.makeFilter((input) =>
    (input.price_cents === undefined) !== (input.priceCents === undefined) ||
    { path: ["price_cents"], issue: "exactly one of price_cents and priceCents is required" }
  )
).annotate({ identifier: "CreateProduct" })
export type CreateProduct = typeof CreateProduct.Type

export const Product = Schema.Struct({
  id: ProductId,
  name: Schema.String,
  sku: Schema.String,
  price_cents: Cents,
  created_at: Timestamp
}).annotate({ identifier: "Product" })
export type Product = typeof Product.Type

export const ProductPage = Schema.Struct({
  products: Schema.Array(Product),
  next_cursor: Schema.optionalKey(Cursor)
}).annotate({ identifier: "ProductPage" })

/** The most products one question about prices may name. */
export const PRICES_MAX = 1500

/** The catalogue's answer about several products: prices of those it has, and which it has not. */
export const Prices = Schema.Struct({
  prices: Schema.Array(Schema.Struct({ product_id: ProductId, price_cents: Cents })),
  unknown: Schema.Array(ProductId)
}).annotate({ identifier: "Prices" })
export type Prices = typeof Prices.Type

const UNITS_MAX = 1_000_000
/** Units to add, or with a minus sign to take away; `reason` is free text. No warehouse named: the default one. */
export const AdjustStock = Schema.Struct({
  quantity: Schema.Int.check(
    Schema.isBetween({ minimum: -UNITS_MAX, maximum: UNITS_MAX }),
    Schema.makeFilter((n) => n !== 0 || "must not be 0")
  ),
  reason: text(200),
  warehouse_id: Schema.optionalKey(WarehouseId),
  warehouseId: Schema.optionalKey(WarehouseId)
}).check(
  Schema.makeFilter((input) =>
    input.warehouse_id === undefined || input.warehouseId === undefined ||
    { path: ["warehouse_id"], issue: "warehouse_id and warehouseId are the same field: send one" }
  )
).annotate({ identifier: "AdjustStock" })
export type AdjustStock = typeof AdjustStock.Type

const levelFields = { on_hand: Schema.Int, reserved: Schema.Int, available: Schema.Int }

export const StockLevel = Schema.Struct({ product_id: ProductId, warehouse_id: WarehouseId, ...levelFields }).annotate({
  identifier: "StockLevel"
})
export type StockLevel = typeof StockLevel.Type

/** `available` = `on_hand` − `reserved` + units of expired holds nobody owns; totals and a line a warehouse. */
export const Availability = Schema.Struct({
  product_id: ProductId,
  ...levelFields,
  warehouses: Schema.Array(Schema.Struct({ warehouse_id: WarehouseId, code: Schema.String, ...levelFields }))
}).annotate({ identifier: "Availability" })
export type Availability = typeof Availability.Type

export const CreateWarehouse = Schema.Struct({
  code: text(32),
  name: text(200),
  location: Location
}).annotate({ identifier: "CreateWarehouse" })
export type CreateWarehouse = typeof CreateWarehouse.Type

export const Warehouse = Schema.Struct({
  id: WarehouseId,
  code: Schema.String,
  name: Schema.String,
  location: Location,
  is_default: Schema.Boolean
}).annotate({ identifier: "Warehouse" })
export type Warehouse = typeof Warehouse.Type

/**
 * Hold stock for an order. Without `hold_seconds` the hold is owned by its order and lasts until it is committed or
 * released; with it, it is free again when the time is up. `allow_split` permits several warehouses.
 */
export const Reserve = Schema.Struct({
  order_id: OrderId,
  items: Schema.Array(OrderItem).check(Schema.isBetweenLength(1, LINES_MAX)),
  shipping_address: Schema.optionalKey(ShippingAddress),
  allow_split: Schema.optionalKey(Schema.Boolean),
  hold_seconds: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 86_400 })))
}).annotate({ identifier: "Reserve" })
export type Reserve = typeof Reserve.Type

/** How the address became a point, which warehouses were looked at in which order, and why each was passed over. */
export const RoutingDecision = Schema.Struct({
  destination: Schema.optionalKey(Schema.Struct({ ...Location.fields, matched: Schema.String, name: Schema.String })),
  fallback: Schema.optionalKey(Schema.Literals(["no_address", "unknown_place"])),
  candidates: Schema.Array(Schema.Struct({
    warehouse_id: WarehouseId,
    code: Schema.String,
    distance_meters: Schema.optionalKey(Schema.Int),
    verdict: CandidateVerdict
  }))
}).annotate({ identifier: "RoutingDecision" })
export type RoutingDecision = typeof RoutingDecision.Type

export const Allocation = Schema.Struct({ product_id: ProductId, warehouse_id: WarehouseId, quantity: Schema.Int })
export type Allocation = typeof Allocation.Type

export const Reservation = Schema.Struct({
  order_id: OrderId,
  status: ReservationStatus,
  warehouse_id: Schema.optionalKey(WarehouseId),
  allocations: Schema.Array(Allocation),
  reason: Schema.optionalKey(RefusalReason),
  expires_at: Schema.optionalKey(Timestamp),
  expired: Schema.Boolean,
  decision: RoutingDecision,
  created_at: Timestamp
}).annotate({ identifier: "Reservation" })
export type Reservation = typeof Reservation.Type

export const ReservationResult = Schema.Union([
  Schema.Struct({
    order_id: OrderId,
    outcome: Schema.Literals(["done"]),
    status: ReservationStatus,
    warehouse_id: Schema.optionalKey(WarehouseId)
  }),
  Schema.Struct({ order_id: OrderId, outcome: Schema.Literals(["refused"]), reason: Schema.String })
])
export type ReservationResult = typeof ReservationResult.Type

export class CatalogueGroup extends HttpApiGroup.make("catalogue")
  .add(
    HttpApiEndpoint.post("createProduct", "/products", {
      payload: CreateProduct,
      success: Product.pipe(HttpApiSchema.status(201)),
      error: SkuTaken
    }),
    HttpApiEndpoint.get("products", "/products", {
      query: { limit: Schema.optionalKey(PageLimit), cursor: Schema.optionalKey(Cursor) },
      success: ProductPage
    }),
    HttpApiEndpoint.post("prices", "/products/prices", {
      payload: Schema.Struct({ product_ids: Schema.Array(ProductId).check(Schema.isBetweenLength(1, PRICES_MAX)) }),
      success: Prices
    }),
    HttpApiEndpoint.get("product", "/products/:product_id", {
      params: { product_id: ProductId },
      success: Product,
      error: ProductNotFound
    }),
    HttpApiEndpoint.post("adjustStock", "/products/:product_id/stock", {
      params: { product_id: ProductId },
      headers: { "idempotency-key": IdempotencyKey },
      payload: AdjustStock,
      success: StockLevel,
      error: [ProductNotFound, WarehouseNotFound, InsufficientStock, IdempotencyKeyReused]
    }),
    HttpApiEndpoint.get("availability", "/products/:product_id/availability", {
      params: { product_id: ProductId },
      success: Availability,
      error: ProductNotFound
    }),
    HttpApiEndpoint.post("createWarehouse", "/warehouses", {
      payload: CreateWarehouse,
      success: Warehouse.pipe(HttpApiSchema.status(201)),
      error: WarehouseCodeTaken
    }),
    HttpApiEndpoint.get("warehouses", "/warehouses", {
      success: Schema.Struct({ warehouses: Schema.Array(Warehouse) })
    })
  )
{}

const byOrder = { params: { order_id: OrderId }, success: Reservation }

export class ReservationsGroup extends HttpApiGroup.make("reservations")
  .add(
    HttpApiEndpoint.post("reserve", "/reservations", {
      payload: Reserve,
      success: Reservation.pipe(HttpApiSchema.status(201)),
      error: [InsufficientStock, NoSingleWarehouse, StateConflict]
    }),
    HttpApiEndpoint.post("reserveSet", "/reservations/batch", {
      payload: setOf(Reserve),
      success: setResults(ReservationResult)
    }),
    HttpApiEndpoint.get("reservation", "/reservations/:order_id", { ...byOrder, error: ReservationNotFound }),
    HttpApiEndpoint.delete("release", "/reservations/:order_id", { ...byOrder, error: StateConflict }),
    HttpApiEndpoint.post("releaseSet", "/reservations/releases/batch", {
      payload: setOf(OrderId),
      success: setResults(ReservationResult)
    }),
    HttpApiEndpoint.post("commit", "/reservations/:order_id/commitment", {
      ...byOrder,
      error: [ReservationNotFound, StateConflict]
    }),
    HttpApiEndpoint.post("commitSet", "/reservations/commitments/batch", {
      payload: setOf(OrderId),
      success: setResults(ReservationResult)
    })
  )
{}

/** Port 3001: products, warehouses, stock, routing, reservations. */
export class InventoryApi extends HttpApi.make("inventory-api")
  .add(CatalogueGroup)
  .add(ReservationsGroup)
  .middleware(HttpApiMiddleware.ProblemDetails)
  .annotate(HttpApi.PayloadParseOptions, strictly)
  .annotate(HttpApi.QueryParseOptions, strictly)
  .annotateMerge(OpenApi.annotations({ title: "Surety inventory", version: "1.0.0" }))
{}
