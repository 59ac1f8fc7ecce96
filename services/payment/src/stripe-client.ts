import { Effect, Redacted } from "effect"
import * as http from "node:http"
import * as https from "node:https"
import type { Readable } from "node:stream"
import { Stripe } from "stripe"
import type { ProviderPatience } from "./guard-provider.ts"

export interface StripeSettings extends ProviderPatience {
  /** Scheme, host and perhaps port: `https://api.stripe.com`. */
  readonly api_base: string
  readonly secret_key: Redacted.Redacted
}

/** Shorter than any server keeps an idle connection, so that no request is sent into one that is just being closed. */
const IDLE_SOCKET_MILLIS = 4_000

/**
 * Stripe's HTTP client without three habits. It sends a request again after a reset, even when told never to retry, on
 * seeing the error's code: so the code is taken off. It waits for a body as long as one trickles in. And a 2xx whose
 * body is JSON but no object makes it throw where nobody catches, which would end the process.
 */
const makeHttpClient = (agent: http.Agent): Stripe.HttpClient => {
  const client = Stripe.createNodeHttpClient(agent)
  return {
    getClientName: () => client.getClientName(),
    makeRequest: async (...request) => {
      const response = await client.makeRequest(...request).catch((cause: NodeJS.ErrnoException) => {
        throw cause.code === "ETIMEDOUT" ? cause : new Error(cause.code ?? cause.message, { cause })
      })
      const body = response.getRawResponse() as Readable
      // A signal of AbortSignal.timeout would go off for every request, also for those that ended long before.
      // oxlint-disable-next-line eslint/no-restricted-globals -- a driver, on real sockets; a simulation has none
      const late = setTimeout(() => body.destroy(new Error("the body took too long")), request[7])
      body.once("close", () => clearTimeout(late))
      const readJson = response.toJSON.bind(response)
      response.toJSON = async () => {
        const body: unknown = await readJson()
        if (typeof body !== "object" || body === null) throw new Error("the answer is not an object")
        return body
      }
      return response
    }
  }
}

/** Stripe's client, kept on a short lead. Closing the scope closes its connections. */
export const makeStripeClient = Effect.fnUntraced(
  function*({ api_base, concurrency, secret_key, timeout_millis }: StripeSettings) {
    const base = new URL(api_base)
    const secure = base.protocol === "https:"
    const sockets = { keepAlive: true, maxSockets: concurrency, timeout: IDLE_SOCKET_MILLIS }
    const agent = yield* Effect.acquireRelease(
      Effect.sync(() => secure ? new https.Agent(sockets) : new http.Agent(sockets)),
      (open) => Effect.sync(() => open.destroy())
    )
    return new Stripe(Redacted.value(secret_key), {
      protocol: secure ? "https" : "http",
      host: base.hostname,
      port: base.port === "" ? (secure ? 443 : 80) : Number(base.port),
      httpClient: makeHttpClient(agent),
      maxNetworkRetries: 0,
      timeout: timeout_millis,
      telemetry: false
    })
  }
)
