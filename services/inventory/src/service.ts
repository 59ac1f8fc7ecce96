import { InventoryApi } from "@surety/contracts/inventory-api"
import { database } from "@surety/platform/database"
import { serveApi } from "@surety/platform/http-server"
import { Layer } from "effect"
import { SecureRandom } from "effect/crypto"
import { AdjustmentStore } from "./adjustment-store.ts"
import { CatalogueStore } from "./catalogue-store.ts"
import { Geocoder } from "./geocoder.ts"
import { inventoryHandlers } from "./http.ts"
import { ReservationStore } from "./reservation-store.ts"
import { RoutingStore } from "./routing-store.ts"
import type { InventorySettings } from "./settings.ts"
import { StockStore } from "./stock-store.ts"
import { WarehouseStore } from "./warehouse-store.ts"

const stores = [
  AdjustmentStore.layer,
  CatalogueStore.layer,
  ReservationStore.layer,
  RoutingStore.layer,
  StockStore.layer,
  WarehouseStore.layer
] as const

/** Products, warehouses, stock, and which warehouse serves which order, over HTTP. */
export const inventory = (settings: InventorySettings) =>
  serveApi(InventoryApi, inventoryHandlers, settings.listen).pipe(
    Layer.provide([...stores, Geocoder.offline, SecureRandom.layerWebCrypto]),
    Layer.provide(database(settings.database))
  )
