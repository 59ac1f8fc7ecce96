import type { PlaceOrder } from "@surety/contracts/edge-api"
import type { IdempotencyKey } from "@surety/contracts/manners"
import { IdempotencyKeyReused, RequestInFlight } from "@surety/contracts/problems"
import { makeOrderId, shardFor } from "@surety/domain/ids"
import type { Currency } from "@surety/domain/money"
import { fingerprint } from "@surety/platform/fingerprint"
import { logEvent } from "@surety/platform/telemetry/event-logs"
import { count } from "@surety/platform/telemetry/metrics"
import {
  annotateSpan,
  compact,
  currentTraceparent,
  inSpan,
  sendingSpan
} from "@surety/platform/telemetry/trace-context"
import { Clock, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { answerTo, type StoredAnswer } from "./answer.ts"
import { makeAuthorizePayment } from "./authorize-payment.ts"
import { type HeldEntry, type KnownEntry, LedgerStore, type NewEntry } from "./ledger-store.ts"
import { Neighbours } from "./neighbours.ts"
import { makeAskPrice, priceOrder } from "./price-order.ts"
import { settleOrder } from "./settle-order.ts"

export interface AcceptSettings {
  readonly currency: Currency
  readonly call_timeout_millis: number
}

export interface Answer extends StoredAnswer {
  readonly replayed: boolean
}

const RETRY_AFTER_SECONDS = 1

/**
 * Accepts an order once under its key. The intent is on disk before the provider hears of it; the outcome is written
 * under a fence, so of two processes that both believe they hold the request only one writes the answer.
 */
export const makeAcceptOrder = (settings: AcceptSettings) =>
  Effect.gen(function*() {
    const ledger = yield* LedgerStore
    const neighbours = yield* Neighbours
    const { randomBytes } = yield* SecureRandom.SecureRandom
    const authorizePayment = makeAuthorizePayment(neighbours, settings.call_timeout_millis)
    const askPrice = yield* makeAskPrice(neighbours, settings.call_timeout_millis)

    const authorize = Effect.fnUntraced(function*(entry: HeldEntry, order: PlaceOrder) {
      const outcome = yield* authorizePayment(entry, order.payment.token).pipe(
        // Nobody was answered yet, so the key is free to take over at once; and patience begins anew, for the customer is here.
        Effect.tapError(({ message: error, retry_after_seconds }) =>
          ledger.postpone(entry, { attempts: 0, wait_millis: 1000 * retry_after_seconds, error })
        )
      )
      return (yield* settleOrder(ledger, { entry, outcome }))
        ? { ...answerTo(entry.id, outcome), replayed: false }
        : undefined
    })

    /** The order goes into the ledger, and with it the context of this span, which its processing continues. */
    const send = (fields: Omit<NewEntry, "trace_context">, order: PlaceOrder) =>
      Effect.gen(function*() {
        const traceparent = yield* currentTraceparent
        const trace_context = traceparent && compact(traceparent)
        const inserted = ledger.insert({ ...fields, trace_context })
        const entry = yield* inserted.pipe(inSpan("INSERT ledger.entries", { kind: "client" }))
        return entry && (yield* authorize(entry, order))
      }).pipe(sendingSpan("send order.ledger", { "saga.order.id": fields.id }))

    const replay = (known: KnownEntry, answer: StoredAnswer) =>
      Effect.gen(function*() {
        yield* annotateSpan({ "saga.order.id": known.id, "saga.idempotency.replayed": true })
        yield* count("saga.idempotency.replays")
        yield* logEvent("order.replayed", { "saga.order.id": known.id })
        return { ...answer, replayed: true }
      })

    /** The same key again: the stored answer, a takeover of what a crash left, or patience. */
    const repeat = Effect.fnUntraced(function*(known: KnownEntry, order: PlaceOrder) {
      if (!known.same_request) {
        return yield* new IdempotencyKeyReused({ detail: "this key came with another body before; use a new key" })
      }
      if (known.answer !== undefined) return yield* replay(known, known.answer)
      const entry = yield* ledger.takeOver(known.id)
      const answer = entry && (yield* authorize(entry, order))
      return answer ?? (yield* new RequestInFlight({
        detail: "the first request with this key has not been answered yet",
        retry_after_seconds: RETRY_AFTER_SECONDS
      }))
    })

    return Effect.fn("acceptOrder")(function*(caller: string, key: IdempotencyKey, order: PlaceOrder) {
      const request_hash = fingerprint(order).toString("hex")
      const known = ledger.findByKey(caller, key, request_hash)
      const priced = yield* priceOrder(askPrice, order).pipe(
        // What was answered once is answered again, even if the catalogue is away or has changed since.
        Effect.catch((problem) => Effect.filterOrFail(known, (entry) => entry !== undefined, () => problem))
      )
      if (!("lines" in priced)) return yield* repeat(priced, order)
      const shard = shardFor(caller, key)
      const id = makeOrderId({ epochMillis: yield* Clock.currentTimeMillis, shard, random: yield* randomBytes(9) })
      const answer: Answer | undefined = yield* send({
        id,
        shard,
        caller,
        idempotency_key: key,
        request_hash,
        user_id: order.user_id,
        email: order.email,
        items: priced.lines,
        shipping_address: order.shipping_address,
        total_cents: Number(priced.total_cents),
        currency: settings.currency
      }, order)
      yield* annotateSpan({ "saga.order.id": id })
      if (answer !== undefined) return answer
      const existing = yield* known
      if (existing === undefined) return yield* Effect.die(new Error(`the entry of key ${key} vanished`))
      return yield* repeat(existing, order)
    })
  })
