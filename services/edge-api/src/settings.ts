import { Currency } from "@surety/domain/money"
import { databaseSettings, listenSettings, urlSetting, wholeSetting } from "@surety/platform/settings"
import { Config } from "effect"

export const edgeApiSettings = Config.all({
  listen: listenSettings("EDGE_API_PORT", 3000),
  database: databaseSettings("edge-api", "surety_ledger"),
  inventory_url: urlSetting("INVENTORY_URL", "http://127.0.0.1:3001"),
  payment_url: urlSetting("PAYMENT_URL", "http://127.0.0.1:3002"),
  currency: Config.schema(Currency, "CURRENCY").pipe(Config.withDefault("usd" as const)),
  accept: Config.all({
    call_timeout_millis: wholeSetting("EDGE_CALL_TIMEOUT_MILLIS", { minimum: 50, maximum: 25_000, fallback: 10_000 }),
    lease_millis: wholeSetting("EDGE_LEASE_MILLIS", { minimum: 200, maximum: 300_000, fallback: 15_000 })
  }),
  resolve: Config.all({
    every_millis: wholeSetting("EDGE_RESOLVE_EVERY_MILLIS", { minimum: 10, maximum: 60_000, fallback: 1_000 }),
    retry_unit_millis: wholeSetting("EDGE_RETRY_UNIT_MILLIS", { minimum: 1, maximum: 60_000, fallback: 1_000 })
  })
})
export type EdgeApiSettings = Config.Success<typeof edgeApiSettings>
