import { databaseSettings, listenSettings, urlSetting, wholeSetting } from "@surety/platform/settings"
import { Config } from "effect"
import { correctnessSettings } from "./correctness.ts"
import { ledgerGaugesSettings } from "./ledger-gauges.ts"
import { reconcileSettings } from "./reconcile.ts"

export const orchestratorSettings = Config.all({
  listen: listenSettings("ORCHESTRATOR_PORT", 3004),
  database: databaseSettings("orchestrator", "surety_ledger"),
  neighbours: Config.all({
    orders_url: urlSetting("ORDERS_URL", "http://127.0.0.1:3003"),
    inventory_url: urlSetting("INVENTORY_URL", "http://127.0.0.1:3001"),
    payment_url: urlSetting("PAYMENT_URL", "http://127.0.0.1:3002")
  }),
  drive: Config.all({
    set_size: wholeSetting("SAGA_SET_SIZE", { minimum: 1, maximum: 64, fallback: 64 }),
    lanes: wholeSetting("SAGA_LANES", { minimum: 1, maximum: 16, fallback: 4 }),
    act_timeout_millis: wholeSetting("SAGA_CALL_TIMEOUT_MILLIS", { minimum: 50, maximum: 25_000, fallback: 10_000 }),
    gather_millis: wholeSetting("SAGA_GATHER_MILLIS", { minimum: 0, maximum: 1_000, fallback: 80 }),
    idle_millis: wholeSetting("SAGA_IDLE_MILLIS", { minimum: 10, maximum: 10_000, fallback: 500 })
  }),
  gauges: ledgerGaugesSettings,
  correctness: correctnessSettings,
  reconcile: reconcileSettings,
  archive: Config.all({
    after_days: wholeSetting("LEDGER_ARCHIVE_AFTER_DAYS", { minimum: 0, maximum: 36_500, fallback: 30 }),
    every_millis: wholeSetting("LEDGER_ARCHIVE_EVERY_MILLIS", { minimum: 10, maximum: 86_400_000, fallback: 60_000 }),
    overlap_millis: wholeSetting("LEDGER_ARCHIVE_OVERLAP_MILLIS", { minimum: 10, maximum: 600_000, fallback: 60_000 })
  }),
  lease_millis: wholeSetting("SAGA_LEASE_MILLIS", { minimum: 200, maximum: 300_000, fallback: 30_000 }),
  retry_unit_millis: wholeSetting("SAGA_RETRY_UNIT_MILLIS", { minimum: 1, maximum: 60_000, fallback: 1_000 })
})
export type OrchestratorSettings = Config.Success<typeof orchestratorSettings>
