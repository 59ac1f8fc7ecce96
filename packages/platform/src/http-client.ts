import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"

/** One pool of keep-alive connections for all the calls of a service to its neighbours. */
export const httpClient = NodeHttpClient.layerUndici
