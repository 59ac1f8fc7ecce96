import { databaseSettings, listenSettings } from "@surety/platform/settings"
import { Config } from "effect"

/** `INVENTORY_PORT`, `HOST`, `DATABASE_URL`, `DATABASE_MAX_CONNECTIONS`. */
export const inventorySettings = Config.all({
  listen: listenSettings("INVENTORY_PORT", 3001),
  database: databaseSettings("inventory", "surety_inventory")
})
export type InventorySettings = Config.Success<typeof inventorySettings>
