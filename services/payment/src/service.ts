import { PaymentApi } from "@surety/contracts/payment-api"
import { database } from "@surety/platform/database"
import { serveApi } from "@surety/platform/http-server"
import { Layer } from "effect"
import { paymentHandlers } from "./http.ts"
import { PaymentStore } from "./payment-store.ts"
import { RefundStore } from "./refund-store.ts"
import type { PaymentSettings } from "./settings.ts"
import { stripeProvider } from "./stripe-provider.ts"

/** Authorizes, captures, voids and refunds, through the provider that the settings name. */
export const payment = (settings: PaymentSettings) =>
  serveApi(PaymentApi, paymentHandlers, settings.listen).pipe(
    Layer.provide(stripeProvider(settings.stripe)),
    Layer.provide([PaymentStore.layer, RefundStore.layer]),
    Layer.provide(database(settings.database))
  )
