import { EdgeApi } from "@surety/contracts/edge-api"
import { InventoryApi } from "@surety/contracts/inventory-api"
import { OperationsApi } from "@surety/contracts/operations-api"
import { PaymentApi } from "@surety/contracts/payment-api"
import type { WarehouseId } from "@surety/domain/ids"
import { seedWarehouses } from "@surety/inventory/seed"
import { urlSetting } from "@surety/platform/settings"
import { Config, Data, Effect } from "effect"
import { HttpClient } from "effect/http"
import { HttpApiClient } from "effect/http-api"

/** Why there is nothing to show, in one line. */
export class NoStack extends Data.TaggedError("NoStack")<{ readonly message: string }> {}

const places = Config.all({
  EDGE_API_URL: urlSetting("EDGE_API_URL", "http://127.0.0.1:3000"),
  INVENTORY_URL: urlSetting("INVENTORY_URL", "http://127.0.0.1:3001"),
  PAYMENT_URL: urlSetting("PAYMENT_URL", "http://127.0.0.1:3002"),
  ORCHESTRATOR_URL: urlSetting("ORCHESTRATOR_URL", "http://127.0.0.1:3004")
})

const READY_WITHIN = "3 seconds"

const checkReady = ([variable, url]: readonly [variable: string, url: string]) =>
  HttpClient.get(`${url}/health/ready`).pipe(
    Effect.flatMap((response) => response.status === 200 ? Effect.void : Effect.fail("not ready")),
    Effect.timeout(READY_WITHIN),
    Effect.mapError((reason) =>
      new NoStack({
        message: reason === "not ready"
          ? `${url} is there but not ready yet: try again in a moment.`
          : `Nothing answers at ${url}: run \`npm start\` in another terminal, or set ${variable}.`
      })
    )
  )

/** The services of a running stack by their contracts, once all are ready, and what its warehouses are called. */
export const connectStack = Effect.gen(function*() {
  const urls = yield* Effect.mapError(
    places,
    ({ message }) => new NoStack({ message: message.replaceAll(/\s+/g, " ") })
  )
  yield* Effect.forEach(Object.entries(urls), checkReady, { discard: true })

  const edge = yield* HttpApiClient.make(EdgeApi, { baseUrl: urls.EDGE_API_URL })
  const inventory = yield* HttpApiClient.make(InventoryApi, { baseUrl: urls.INVENTORY_URL })
  const payment = yield* HttpApiClient.make(PaymentApi, { baseUrl: urls.PAYMENT_URL })
  const operations = yield* HttpApiClient.make(OperationsApi, { baseUrl: urls.ORCHESTRATOR_URL })

  const { warehouses } = yield* Effect.mapError(
    inventory.catalogue.warehouses({}),
    ({ message }) => new NoStack({ message: `${urls.INVENTORY_URL} does not speak inventory: ${message}` })
  )
  const names = new Map(warehouses.map(({ id, name }) => [id, name]))
  if (!names.has(seedWarehouses.rotterdam)) {
    return yield* new NoStack({ message: `The warehouses at ${urls.INVENTORY_URL} are not those of the seed.` })
  }
  return { edge, inventory, payment, operations, nameOf: (id: WarehouseId) => names.get(id) ?? id } as const
})
export type Stack = Effect.Success<typeof connectStack>
export type NameOf = Stack["nameOf"]
