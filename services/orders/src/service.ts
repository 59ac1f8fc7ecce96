import { OrdersApi } from "@surety/contracts/orders-api"
import { database } from "@surety/platform/database"
import { serveApi } from "@surety/platform/http-server"
import { Layer } from "effect"
import { orderRecords } from "./http.ts"
import { OrderStore } from "./order-store.ts"
import type { OrdersSettings } from "./settings.ts"

/** The order record and its lifecycle, over HTTP. */
export const orders = (settings: OrdersSettings) =>
  serveApi(OrdersApi, Layer.provide(orderRecords, OrderStore.layer), settings.listen).pipe(
    Layer.provide(database(settings.database))
  )
