import { Effect, Option } from "effect"
import {
  type Authorization,
  cancellationIn,
  captureIn,
  type ProviderPayment,
  type ProviderUnknown
} from "./provider-words.ts"
import type { PaymentProvider } from "./provider.ts"

type Operations = PaymentProvider["Service"]

/** A provider that fails and remembers it under so many keys in a row has more wrong with it than one more would mend. */
const KEYS_MAX = 8

/**
 * A spent key never tells what its request did, so something else is asked. Capture and cancel: the payment; and if it
 * still stands, the request goes out once more under another key, for its state lets either happen only once.
 * Authorize: the search by reference, which can only say yes. Nothing else is ever sent under another key, so a refund
 * (which its adapter looks for by what it left in it) and an authorization may stay unknown until somebody looks.
 */
export const askBehindSpentKeys = (provider: Operations): Operations => {
  const settled = <R extends { readonly provider_id: string; readonly key: string }, A>(
    operation: (request: R) => Effect.Effect<A, ProviderUnknown>,
    answerIn: (payment: ProviderPayment) => A | undefined
  ) => {
    const under = (request: R, keysSpent: number): Effect.Effect<A, ProviderUnknown> => {
      const key = keysSpent === 0 ? request.key : `${request.key}:again:${keysSpent}`
      return Effect.catchIf(
        operation({ ...request, key }),
        isSpent,
        (spent) =>
          Effect.flatMap(provider.retrieve(request), (found) => {
            const answer = Option.isNone(found) ? undefined : answerIn(found.value)
            if (answer !== undefined) return Effect.succeed(answer)
            return Option.isNone(found) || keysSpent === KEYS_MAX ? Effect.fail(spent) : under(request, keysSpent + 1)
          })
      )
    }
    return (request: R) => under(request, 0)
  }
  return {
    ...provider,
    authorize: (request) =>
      Effect.catchIf(
        provider.authorize(request),
        isSpent,
        (spent) =>
          Effect.flatMap(provider.find(request), (found): Effect.Effect<Authorization, ProviderUnknown> => {
            const held = found.find(({ status }) => status === "held")
            if (held === undefined) return Effect.fail(spent)
            return Effect.succeed({ _tag: "Authorized", provider_id: held.provider_id, amount_cents: held.held_cents })
          })
      ),
    capture: settled(provider.capture, captureIn),
    cancel: settled(provider.cancel, cancellationIn)
  }
}

/** Whether the provider only repeats a failure that it stored under this key. */
export const isSpent = (error: ProviderUnknown) => error.reason === "key_spent"
