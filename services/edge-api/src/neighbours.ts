import { InventoryApi } from "@surety/contracts/inventory-api"
import { PaymentApi } from "@surety/contracts/payment-api"
import { Context, Effect, Layer } from "effect"
import { HttpApiClient } from "effect/http-api"

/** The catalogue's prices and the payment service, by their contracts. */
export class Neighbours extends Context.Service<Neighbours, {
  readonly inventory: HttpApiClient.ForApi<typeof InventoryApi>
  readonly payment: HttpApiClient.ForApi<typeof PaymentApi>
}>()("surety/edge-api/Neighbours") {
  static readonly layer = (urls: { readonly inventory_url: string; readonly payment_url: string }) =>
    Layer.effect(
      Neighbours,
      Effect.all({
        inventory: HttpApiClient.make(InventoryApi, { baseUrl: urls.inventory_url }),
        payment: HttpApiClient.make(PaymentApi, { baseUrl: urls.payment_url })
      })
    )
}
