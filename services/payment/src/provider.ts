/**
 * The port to the payment provider.
 *
 * Every operation answers one of a few definite words, or fails with `ProviderUnknown`, which says nothing about the
 * effect: money may or may not have moved. Whoever gets it asks again with the same key until the answer is definite.
 * Amounts are minor units. Keys derive from the ledger id and the operation, and mean one request for ever.
 */
import { Context, type Effect, type Option, type Stream } from "effect"
import type {
  Authorization,
  Cancellation,
  Capture,
  ProviderPayment,
  ProviderUnknown,
  Refund
} from "./provider-words.ts"

export class PaymentProvider extends Context.Service<PaymentProvider, {
  /** Holds the money. `reference` is stored with the payment; `token` names the card. */
  readonly authorize: (request: {
    readonly reference: string
    readonly amount_cents: number
    readonly currency: string
    readonly token: string
    readonly key: string
  }) => Effect.Effect<Authorization, ProviderUnknown>

  /** Takes the held money, or less of it and lets the rest go. */
  readonly capture: (request: {
    readonly provider_id: string
    readonly amount_cents: number
    readonly key: string
  }) => Effect.Effect<Capture, ProviderUnknown>

  /** Lets the hold go. */
  readonly cancel: (request: {
    readonly provider_id: string
    readonly key: string
  }) => Effect.Effect<Cancellation, ProviderUnknown>

  /** Gives captured money back. */
  readonly refund: (request: {
    readonly provider_id: string
    readonly amount_cents: number
    readonly key: string
  }) => Effect.Effect<Refund, ProviderUnknown>

  /** One payment by the provider's id, as it stands now. */
  readonly retrieve: (request: {
    readonly provider_id: string
  }) => Effect.Effect<Option.Option<ProviderPayment>, ProviderUnknown>

  /**
   * Payments with our reference. The provider's index may be behind (Stripe: a minute, at worst an hour), so what is
   * found is certain and what is not found is not. To be certain of an authorization, repeat it with its key.
   */
  readonly find: (request: {
    readonly reference: string
  }) => Effect.Effect<ReadonlyArray<ProviderPayment>, ProviderUnknown>

  /**
   * All payments created since then and before (both to the second), newest first; those created meanwhile may be missing.
   */
  readonly list: (request: {
    readonly created_after?: Date
    readonly created_before?: Date
  }) => Stream.Stream<ProviderPayment, ProviderUnknown>
}>()("surety/payment/PaymentProvider") {}
