import { InventoryApi } from "@surety/contracts/inventory-api"
import { OrdersApi } from "@surety/contracts/orders-api"
import { PaymentApi } from "@surety/contracts/payment-api"
import { Context, Effect, Layer } from "effect"
import { HttpApiClient } from "effect/http-api"

export interface NeighbourSettings {
  readonly orders_url: string
  readonly inventory_url: string
  readonly payment_url: string
}

/** The services an order's journey leads through, by their contracts. */
export class Neighbours extends Context.Service<Neighbours, {
  readonly orders: HttpApiClient.ForApi<typeof OrdersApi>
  readonly inventory: HttpApiClient.ForApi<typeof InventoryApi>
  readonly payment: HttpApiClient.ForApi<typeof PaymentApi>
}>()("surety/orchestrator/Neighbours") {
  static readonly layer = (settings: NeighbourSettings) =>
    Layer.effect(
      Neighbours,
      Effect.all({
        orders: HttpApiClient.make(OrdersApi, { baseUrl: settings.orders_url }),
        inventory: HttpApiClient.make(InventoryApi, { baseUrl: settings.inventory_url }),
        payment: HttpApiClient.make(PaymentApi, { baseUrl: settings.payment_url })
      })
    )
}
