import { databaseSettings, listenSettings, urlSetting, wholeSetting } from "@surety/platform/settings"
import { Config, Redacted } from "effect"
import { stripePatience } from "./stripe-provider.ts"

/** The default provider is the simulator; the real one is a key and a base URL away. */
export const paymentSettings = Config.all({
  listen: listenSettings("PAYMENT_PORT", 3002),
  database: databaseSettings("payment", "surety_payment"),
  stripe: Config.all({
    api_base: urlSetting("STRIPE_API_BASE", "http://127.0.0.1:3010"),
    secret_key: Config.Redacted("STRIPE_SECRET_KEY").pipe(Config.withDefault(Redacted.make("sk_test_simulator"))),
    timeout_millis: wholeSetting("PROVIDER_TIMEOUT_MILLIS", { minimum: 50, maximum: 60_000, fallback: 6_000 }),
    concurrency: wholeSetting("PROVIDER_CONCURRENCY", { minimum: 1, maximum: 1_000, fallback: 64 }),
    breaker_open_millis: wholeSetting("PROVIDER_BREAKER_OPEN_MILLIS", {
      minimum: 10,
      maximum: 600_000,
      fallback: 2_000
    })
  }).pipe(Config.map((settings) => ({ ...stripePatience, ...settings })))
})
export type PaymentSettings = Config.Success<typeof paymentSettings>
