import { EdgeApi } from "@surety/contracts/edge-api"
import { database } from "@surety/platform/database"
import { httpClient } from "@surety/platform/http-client"
import { serveApi } from "@surety/platform/http-server"
import { leaseOwner } from "@surety/platform/lease-owner"
import { Layer } from "effect"
import { SecureRandom } from "effect/crypto"
import { edgeHandlers } from "./http.ts"
import { LedgerStore } from "./ledger-store.ts"
import { Neighbours } from "./neighbours.ts"
import { OrderReader } from "./read-orders.ts"
import { resolveAuthorizations } from "./resolve-authorizations.ts"
import type { EdgeApiSettings } from "./settings.ts"

/** Accepts orders and answers for them. Any number of them may run on one ledger. */
export const edgeApi = (settings: EdgeApiSettings) => {
  const { call_timeout_millis, lease_millis } = settings.accept
  const owner = leaseOwner("edge")
  return Layer.mergeAll(
    serveApi(EdgeApi, edgeHandlers({ currency: settings.currency, call_timeout_millis }), settings.listen),
    resolveAuthorizations({ ...settings.resolve, call_timeout_millis })
  ).pipe(
    Layer.provide(LedgerStore.layer({ owner, lease_millis })),
    Layer.provide(OrderReader.layer),
    Layer.provide(Neighbours.layer(settings)),
    Layer.provide(httpClient),
    Layer.provide(SecureRandom.layerWebCrypto),
    Layer.provide(database(settings.database))
  )
}
