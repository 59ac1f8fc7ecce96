import { askBehindSpentKeys } from "@surety/payment/ask-behind-spent-keys"
import { makeGuard } from "@surety/payment/guard-provider"
import { PaymentProvider } from "@surety/payment/provider"
import { type ProviderOperation, ProviderUnknown, type UnknownReason } from "@surety/payment/provider-words"
import { Effect, Option, Stream } from "effect"
import { drawFault } from "./fault-plan.ts"
import type { Process } from "./process.ts"
import type { Word } from "./provider-model.ts"
import type { Surroundings } from "./surroundings.ts"

const PATIENCE = {
  timeout_millis: 1_000,
  concurrency: 16,
  breaker_failure_share: 0.5,
  breaker_window_calls: 20,
  breaker_open_millis: 500
}
/** How far the provider's search may be behind. */
const INDEX_LAG_MILLIS = 2_000

/** The provider as the payment service reaches it: over a link, under the service's own guard, and with troubles of its own. */
export const providerPort = Effect.fnUntraced(function*(around: Surroundings, payment: Process) {
  const { books, hits, network, plan, provider, world } = around
  const guard = yield* makeGuard(PATIENCE)
  const unknown = (operation: ProviderOperation, reason: UnknownReason) =>
    Effect.fail(new ProviderUnknown({ operation, reason, detail: "as planned" }))

  const ask = <A>(operation: ProviderOperation, answer: () => A | UnknownReason) =>
    guard(
      operation,
      network.call(payment, provider, `provider.${operation}`, () => Effect.sync(answer)).pipe(
        Effect.catch(() => unknown(operation, "connection")),
        Effect.filterOrElse(
          (said): said is Exclude<A, string> => typeof said !== "string",
          (reason) => unknown(operation, reason as UnknownReason)
        )
      )
    )

  /** A request that changes something, once a key. A key may be spent with or without its effect. */
  const change = <A>(operation: ProviderOperation, key: string, work: (key: string) => Word) =>
    ask(operation, (): Word | UnknownReason => {
      const fault = network.troubled ? drawFault(plan.provider, world.dice) : undefined
      if (fault !== undefined) hits.count(`provider.${operation}`, fault)
      if (fault === "error_before") return "server_error"
      if (fault === "burnt") books.burn(key, () => work(key), world.dice.happens(0.5))
      const word = work(key)
      if (fault === "error_after") return "server_error"
      return word._tag === "Spent" ? "key_spent" : word
    }).pipe(Effect.map((word) => word as A))

  return askBehindSpentKeys(PaymentProvider.of({
    authorize: ({ amount_cents, key, reference, token }) =>
      change("authorize", key, (k) => books.authorize(k, reference, amount_cents, around.mannerOf(token))),
    capture: ({ amount_cents, key, provider_id }) =>
      change("capture", key, (k) => books.capture(k, provider_id, amount_cents)),
    cancel: ({ key, provider_id }) => change("cancel", key, (k) => books.cancel(k, provider_id)),
    refund: ({ amount_cents, key, provider_id }) =>
      change("refund", key, (k) => books.refund(k, provider_id, amount_cents)),
    retrieve: ({ provider_id }) =>
      ask("retrieve", () => Option.map(Option.fromNullishOr(books.payments.get(provider_id)), books.view)),
    find: ({ reference }) =>
      ask(
        "find",
        () =>
          books.all().filter((payment) =>
            payment.reference === reference &&
            payment.created_at.getTime() < world.now - world.dice.between(0, INDEX_LAG_MILLIS)
          )
      ),
    list: ({ created_after }) =>
      Stream.unwrap(
        Effect.map(
          ask("list", () => books.all().filter(({ created_at }) => created_at >= (created_after ?? new Date(0)))),
          Stream.fromIterable
        )
      )
  }))
})
