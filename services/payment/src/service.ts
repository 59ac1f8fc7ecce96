import { PaymentApi } from "@surety/contracts/payment-api"
import { database } from "@surety/platform/database"
import { serveApi } from "@surety/platform/http-server"
import { Layer } from "effect"
import { ClaimsStore } from "./claims-store.ts"
import { paymentHandlers } from "./http.ts"
import { PaymentStore } from "./payment-store.ts"
import { providerBooksHandlers } from "./provider-books-http.ts"
import { RefundStore } from "./refund-store.ts"
import type { PaymentSettings } from "./settings.ts"
import { stripeProvider } from "./stripe-provider.ts"

/** Authorizes, captures, voids and refunds, through the provider that the settings name. */
export const payment = (settings: PaymentSettings) =>
  serveApi(PaymentApi, Layer.merge(paymentHandlers, providerBooksHandlers), settings.listen).pipe(
    Layer.provide(stripeProvider(settings.stripe)),
    Layer.provide([PaymentStore.layer, RefundStore.layer, ClaimsStore.layer]),
    Layer.provide(database(settings.database))
  )
