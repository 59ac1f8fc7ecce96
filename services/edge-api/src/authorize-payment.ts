import { SET_MAX } from "@surety/contracts/manners"
import type { AuthorizationResult } from "@surety/contracts/payment-api"
import { carrying, currentTraceparent, inSpan } from "@surety/platform/telemetry/trace-context"
import { Effect, Exit, Request, RequestResolver, Stream } from "effect"
import type { Authorized } from "./answer.ts"
import type { HeldEntry } from "./ledger-store.ts"
import type { Neighbours } from "./neighbours.ts"

interface Ask extends Request.Request<Authorized> {
  readonly entry: HeldEntry
  readonly token: string
  readonly traceparent: string | undefined
}

/**
 * Asks for the money. Orders that ask in the same breath ask in one call, and each goes on as soon as its own answer is
 * there. Only a definite answer is an answer; everything else, however it failed, is Unknown.
 */
export const makeAuthorizePayment = ({ payment }: Neighbours["Service"], timeoutMillis: number) => {
  const ask = Request.of<Ask>()

  const resolver = RequestResolver.make<Ask>((entries) => {
    const waiting = new Map(entries.map((entry) => [entry.request.entry.id, entry]))
    const items = entries.map(({ request: { entry, token } }) => ({
      reference: entry.id,
      amount_cents: entry.total_cents,
      currency: entry.currency,
      token
    }))
    const traceparents = entries.map(({ request }) => request.traceparent)
    return payment.payments.authorizeSet({ payload: { items, ...carrying(traceparents) } }).pipe(
      Effect.flatMap(Stream.runForEach((line) =>
        Effect.sync(() => {
          waiting.get(line.reference)?.completeUnsafe(Exit.succeed(authorizedOf(line)))
          waiting.delete(line.reference)
        })
      )),
      Effect.catchCause((cause) => Effect.logWarning("payment.authorization.unknown", cause)),
      Effect.ensuring(Effect.sync(() => {
        for (const entry of waiting.values()) entry.completeUnsafe(Exit.succeed(unknown))
      })),
      inSpan("authorize set", { root: true, links: traceparents, attributes: { "saga.set.size": items.length } })
    )
  }).pipe(RequestResolver.batchN(SET_MAX))

  return (entry: HeldEntry, token: string): Effect.Effect<Authorized> =>
    currentTraceparent.pipe(
      Effect.flatMap((traceparent) => Effect.request(ask({ entry, token, traceparent }), resolver)),
      Effect.timeoutOrElse({ duration: timeoutMillis, orElse: () => Effect.succeed(unknown) })
    )
}

const unknown: Authorized = { _tag: "Unknown", detail: "the payment service gave no definite answer" }

const authorizedOf = (line: AuthorizationResult): Authorized => {
  switch (line.outcome) {
    case "authorized":
      return { _tag: "Authorized" }
    case "declined":
      return { _tag: "Declined", decline_code: line.decline_code, detail: line.detail }
    case "unknown":
      return { _tag: "Unknown", detail: line.detail }
  }
}
