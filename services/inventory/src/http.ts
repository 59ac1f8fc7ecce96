import { InventoryApi } from "@surety/contracts/inventory-api"
import { Layer } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { adjustStock } from "./adjust-stock.ts"
import { createProduct, listProducts, readAvailability, readPrices, readProduct } from "./catalogue.ts"
import {
  commitOne,
  commitSet,
  readReservation,
  releaseOne,
  releaseSet,
  reserveOne,
  reserveSet
} from "./reservation-answers.ts"
import { createWarehouse, listWarehouses } from "./warehouses.ts"

const catalogue = HttpApiBuilder.group(InventoryApi, "catalogue", (handlers) =>
  handlers.handleAll({
    createProduct: ({ payload }) => createProduct(payload),
    products: ({ query }) => listProducts(query),
    prices: ({ payload }) => readPrices(payload.product_ids),
    product: ({ params }) => readProduct(params.product_id),
    adjustStock: ({ headers, params, payload }) => adjustStock(params.product_id, headers["idempotency-key"], payload),
    availability: ({ params }) => readAvailability(params.product_id),
    createWarehouse: ({ payload }) => createWarehouse(payload),
    warehouses: () => listWarehouses
  }))

const reservations = HttpApiBuilder.group(InventoryApi, "reservations", (handlers) =>
  handlers.handleAll({
    reserve: ({ payload }) => reserveOne(payload),
    reserveSet: ({ payload }) => reserveSet(payload.items, payload.traceparents),
    reservation: ({ params }) => readReservation(params.order_id),
    release: ({ params }) => releaseOne(params.order_id),
    releaseSet: ({ payload }) => releaseSet(payload.items, payload.traceparents),
    commit: ({ params }) => commitOne(params.order_id),
    commitSet: ({ payload }) => commitSet(payload.items, payload.traceparents)
  }))

/** A line an endpoint: the use cases decide. */
export const inventoryHandlers = Layer.mergeAll(catalogue, reservations)
