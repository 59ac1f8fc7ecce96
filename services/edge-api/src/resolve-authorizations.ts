import { databaseDefectsAsFailures } from "@surety/platform/database"
import { carrying, expand, inTraceOf, withoutTracing } from "@surety/platform/telemetry/trace-context"
import { type RetryPolicy, waitAfter } from "@surety/saga/retry"
import { Deferred, Effect, Fiber, Layer, Random } from "effect"
import type { Authorized } from "./answer.ts"
import { type HeldEntry, LedgerStore } from "./ledger-store.ts"
import { Neighbours } from "./neighbours.ts"
import { settleOrder } from "./settle-order.ts"

export interface ResolveSettings {
  readonly every_millis: number
  /** The unit of patience: 1 s in production, less where time is compressed. */
  readonly retry_unit_millis: number
  readonly call_timeout_millis: number
}

/** Asked about all at once: one after the other, the last ones' leases would run out while the first ones time out. */
const SET_SIZE = 32
/** How long a stop waits for the resolver; what takes longer is left to whoever finds its lease expired. */
const STOP_TIMEOUT = "14 seconds"
const patience = (unit: number): RetryPolicy => ({
  waits_millis: [unit, 4 * unit, 16 * unit, 64 * unit],
  then_every_millis: 300 * unit,
  attempts_max: 6
})

/**
 * Settles orders left in AWAITING_AUTHORIZATION: asks the payment service by our reference, and past the budget voids by
 * our reference, which also refuses an authorization that comes late. Only a definite answer settles an order.
 */
const makeResolver = (settings: ResolveSettings) =>
  Effect.gen(function*() {
    const ledger = yield* LedgerStore
    const { payment } = yield* Neighbours
    const policy = patience(settings.retry_unit_millis)

    const ask = (entry: HeldEntry) =>
      payment.payments.byReference({ params: { reference: entry.id } }).pipe(
        Effect.map((found): Authorized => {
          if (found.status === "AUTHORIZED") return { _tag: "Authorized" }
          if (found.status === "AUTHORIZING") return unknown("the provider's answer is not known yet")
          return declined(found.refusal_code ?? `payment_${found.status.toLowerCase()}`)
        }),
        Effect.timeout(settings.call_timeout_millis),
        Effect.catch((error) => Effect.succeed(unknown(error._tag)))
      )

    const giveUp = (entry: HeldEntry) =>
      payment.payments.voidSet({ payload: { items: [entry.id], ...carrying([expand(entry.trace_context)]) } }).pipe(
        Effect.map(({ results: [result] }) =>
          result?.outcome === "done" ? declined("authorization_timed_out") : unknown(`void: ${result?.outcome}`)
        ),
        Effect.timeout(settings.call_timeout_millis),
        Effect.catch((error) => Effect.succeed(unknown(error._tag)))
      )

    const resolve = Effect.fn("resolveAuthorization")(function*(entry: HeldEntry) {
      const answer = yield* ask(entry)
      const attempts = entry.attempts + 1
      const wait = waitAfter(policy, attempts)
      const outcome = answer._tag === "Unknown" && wait === undefined ? yield* giveUp(entry) : answer
      if (outcome._tag === "Unknown") {
        const jitter = yield* Random.next
        const wait_millis = Math.ceil((wait ?? policy.then_every_millis) * jitter)
        yield* ledger.postpone(entry, { attempts, wait_millis, error: outcome.detail })
        return
      }
      yield* settleOrder(ledger, { entry, outcome }).pipe(inTraceOf(expand(entry.trace_context)))
    })

    /** Whether there may be more to resolve at once: after an hour in which nothing was known, a set a second would take days. */
    const resolveDue = Effect.gen(function*() {
      const entries = yield* ledger.claimUnresolved(SET_SIZE)
      yield* Effect.forEach(entries, resolve, { concurrency: "unbounded", discard: true })
      return entries.length === SET_SIZE
    })
    return { resolveDue } as const
  })

const declined = (decline_code: string): Authorized => ({
  _tag: "Declined",
  decline_code,
  detail: `the payment was not authorized: ${decline_code}`
})
const unknown = (detail: string): Authorized => ({ _tag: "Unknown", detail })

/** The resolver's loop, for as long as the layer lives. A stop waits a while for what is being asked. */
export const resolveAuthorizations = (settings: ResolveSettings) =>
  Layer.effectDiscard(
    Effect.gen(function*() {
      const { resolveDue } = yield* makeResolver(settings)
      const stopping = yield* Deferred.make<void>()
      const loop = yield* resolveDue.pipe(
        withoutTracing,
        databaseDefectsAsFailures,
        Effect.catchCause((cause) => Effect.as(Effect.logWarning("resolver.trouble", cause), false)),
        Effect.flatMap((more) =>
          more ? Effect.void : Effect.race(Effect.sleep(settings.every_millis), Deferred.await(stopping))
        ),
        Effect.repeat({ until: () => Deferred.isDone(stopping) }),
        Effect.forkScoped
      )
      yield* Effect.addFinalizer(() =>
        Deferred.succeed(stopping, undefined).pipe(
          Effect.andThen(Fiber.await(loop)),
          Effect.timeoutOption(STOP_TIMEOUT)
        )
      )
    })
  )
