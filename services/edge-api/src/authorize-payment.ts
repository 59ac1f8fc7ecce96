import { SET_MAX } from "@surety/contracts/manners"
import type { AuthorizationResult } from "@surety/contracts/payment-api"
import { ServiceUnavailable } from "@surety/contracts/problems"
import { carrying, currentTraceparent, inSpan } from "@surety/platform/telemetry/trace-context"
import { Effect, Exit, Request, RequestResolver, Schedule, Stream } from "effect"
import type { Authorized } from "./answer.ts"
import type { HeldEntry } from "./ledger-store.ts"
import type { Neighbours } from "./neighbours.ts"

interface Ask extends Request.Request<Authorized, ServiceUnavailable> {
  readonly entry: HeldEntry
  readonly token: string
  readonly traceparent: string | undefined
}

const RETRY_AFTER_SECONDS = 2
const ASK_AGAIN_MILLIS = 250
/** The share of the time for an answer in which a service that cannot be reached is tried again. */
const RETRIED_SHARE = 0.5

/**
 * Asks for the money. Orders that ask in the same breath ask in one call, and each goes on as soon as its own answer is
 * there. Only a definite answer is an answer; what is asked and not answered in time is Unknown. A payment service that
 * cannot be reached, as while it is deployed anew, is asked again, which it takes for the same question; if it stays away,
 * the customer must ask once more: nobody else knows the card.
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
        for (const entry of waiting.values()) entry.completeUnsafe(Exit.fail(away))
      })),
      inSpan("authorize set", { root: true, links: traceparents, attributes: { "saga.set.size": items.length } })
    )
  }).pipe(RequestResolver.batchN(SET_MAX))

  const whileAway = Schedule.spaced(ASK_AGAIN_MILLIS).pipe(Schedule.upTo({ duration: timeoutMillis * RETRIED_SHARE }))

  return (entry: HeldEntry, token: string): Effect.Effect<Authorized, ServiceUnavailable> =>
    currentTraceparent.pipe(
      Effect.flatMap((traceparent) => Effect.request(ask({ entry, token, traceparent }), resolver)),
      Effect.retry(whileAway),
      Effect.timeoutOrElse({ duration: timeoutMillis, orElse: () => Effect.succeed(unknown) })
    )
}

const away = new ServiceUnavailable({
  detail: "the payment service cannot be reached; the order is accepted when it comes again under its key",
  retry_after_seconds: RETRY_AFTER_SECONDS
})
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
