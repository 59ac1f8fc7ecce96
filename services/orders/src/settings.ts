import { databaseSettings, listenSettings } from "@surety/platform/settings"
import { Config } from "effect"

/** `ORDERS_PORT`, `HOST`, `DATABASE_URL`, `DATABASE_MAX_CONNECTIONS`. */
export const ordersSettings = Config.all({
  listen: listenSettings("ORDERS_PORT", 3003),
  database: databaseSettings("orders", "surety_orders")
})
export type OrdersSettings = Config.Success<typeof ordersSettings>
