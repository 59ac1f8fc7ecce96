import { EdgeApi, type OrderAccepted, type OrderPage, type OrderView, PlaceOrder } from "@surety/contracts/edge-api"
import { Cursor, IdempotencyKey, PageLimit, strictly } from "@surety/contracts/manners"
import { OrderId } from "@surety/domain/ids"
import { text } from "@surety/domain/order"
import { isTerminal, OrderStatus } from "@surety/domain/order-status"
import { Effect, Schedule, Schema } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import { isIndefinite, ownProblem, patience, problemOf, type SuretyProblem } from "./surety-problem.ts"

/** One attempt; an order's outcome is never lost by giving up on it, since the next attempt has the same key. */
const ATTEMPT_TIMEOUT = "30 seconds"
const RETRIES = 4
const WAIT_TIMEOUT_MILLIS = 60_000
const POLL = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("2 seconds")])

export interface SuretyClientOptions {
  /** Such as `http://localhost:3000`. */
  readonly base_url: string
  readonly fetch?: typeof globalThis.fetch
  /** How often a call is repeated that got no definite answer. */
  readonly retries?: number
}

const ListOrders = Schema.Struct({
  user_id: Schema.optionalKey(text(128)),
  status: Schema.optionalKey(OrderStatus),
  limit: Schema.optionalKey(PageLimit),
  cursor: Schema.optionalKey(Cursor)
})

/** The edge API as effects; `SuretyClient` has the same as promises. */
export interface SuretyEffects {
  /** Places an order once, however often it takes. Without a key of the caller's it gets one of its own. */
  readonly placeOrder: (
    order: typeof PlaceOrder.Encoded,
    options?: { readonly idempotencyKey?: string }
  ) => Effect.Effect<OrderAccepted, SuretyProblem>
  readonly getOrder: (id: string) => Effect.Effect<OrderView, SuretyProblem>
  /** Newest first; `next_cursor` of one page is the `cursor` of the next. */
  readonly listOrders: (filter?: typeof ListOrders.Encoded) => Effect.Effect<typeof OrderPage.Type, SuretyProblem>
  /** Answers the order once it is COMPLETED, FAILED or AUTHORIZATION_FAILED, or fails with `not_ended_yet`. */
  readonly waitForEnd: (
    id: string,
    options?: { readonly timeoutMillis?: number }
  ) => Effect.Effect<OrderView, SuretyProblem>
}

type Promised<T> = {
  readonly [K in keyof T]: T[K] extends (...input: infer Input) => Effect.Effect<infer A, infer _E> ?
    (...input: Input) => Promise<A> :
    never
}
export type SuretyClient = Promised<SuretyEffects> & { readonly effect: SuretyEffects }

const checked = <S extends Schema.ConstraintDecoder<unknown>>(schema: S, input: unknown) =>
  Effect.mapError(
    Schema.decodeUnknownEffect(schema, strictly)(input),
    (error) => ownProblem("invalid_request", error.message)
  )

/** A client of the edge API. Needs nothing but `fetch`: runs in Node and in browsers. */
export const createSuretyClient = (options: SuretyClientOptions): SuretyClient => {
  const api = Effect.runSync(
    HttpApiClient.make(EdgeApi, { baseUrl: options.base_url, transformClient: HttpClient.filterStatusOk }).pipe(
      Effect.provide(FetchHttpClient.layer)
    )
  )
  const ask = <A, E>(call: Effect.Effect<A, E>) =>
    call.pipe(
      Effect.timeoutOrElse({
        duration: ATTEMPT_TIMEOUT,
        orElse: () => Effect.fail(ownProblem("unreachable", `no answer within ${ATTEMPT_TIMEOUT}`))
      }),
      Effect.catch((failure) => Effect.flatMap(problemOf(failure), Effect.fail)),
      Effect.retry({ while: isIndefinite, times: options.retries ?? RETRIES, schedule: patience }),
      Effect.provideService(FetchHttpClient.Fetch, options.fetch ?? globalThis.fetch)
    )

  const effect: SuretyEffects = {
    placeOrder: Effect.fn("placeOrder")(function*(order, { idempotencyKey = crypto.randomUUID() } = {}) {
      const payload = yield* checked(PlaceOrder, order)
      const key = yield* checked(IdempotencyKey, idempotencyKey)
      return yield* Effect.mapError(
        ask(api.orders.place({ headers: { "idempotency-key": key }, payload })),
        (problem) => problem.with({ idempotency_key: key })
      )
    }),
    getOrder: (id) =>
      Effect.flatMap(checked(OrderId, id), (order_ledger_id) => ask(api.orders.byId({ params: { order_ledger_id } }))),
    listOrders: (filter = {}) =>
      Effect.flatMap(checked(ListOrders, filter), (query) => ask(api.orders.list({ query }))),
    waitForEnd: (id, { timeoutMillis = WAIT_TIMEOUT_MILLIS } = {}) =>
      effect.getOrder(id).pipe(
        Effect.repeat({ schedule: POLL, until: (order) => isTerminal(order.status) }),
        Effect.timeoutOrElse({
          duration: timeoutMillis,
          orElse: () =>
            Effect.fail(ownProblem("not_ended_yet", `the order is still under way after ${timeoutMillis} ms`))
        })
      )
  }
  return {
    effect,
    placeOrder: (order, options) => Effect.runPromise(effect.placeOrder(order, options)),
    getOrder: (id) => Effect.runPromise(effect.getOrder(id)),
    listOrders: (filter) => Effect.runPromise(effect.listOrders(filter)),
    waitForEnd: (id, options) => Effect.runPromise(effect.waitForEnd(id, options))
  }
}
