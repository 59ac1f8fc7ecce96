import type { ProviderId } from "@surety/contracts/provider-books-api"
import type { OrderId } from "@surety/domain/ids"
import { carrying } from "@surety/platform/telemetry/trace-context"
import { Effect } from "effect"
import { Neighbours } from "./neighbours.ts"
import type { Remedy } from "./reconcile-verdict.ts"

/** How an attempt came out. Done is what the service says; whether it helped, the books say. */
export type Repaired =
  | { readonly _tag: "Done" }
  | { readonly _tag: "Refused"; readonly reason: string }
  | { readonly _tag: "Unknown"; readonly detail: string }

const CALL_TIMEOUT = "15 seconds"
const done: Repaired = { _tag: "Done" }

interface Result {
  readonly outcome: string
  readonly reason?: string
  readonly detail?: string
}

/** The only result of a set of one, in our words. */
const ofOne = ({ results: [result] }: { readonly results: ReadonlyArray<Result> }): Repaired => {
  if (result?.outcome === "done") return done
  if (result === undefined || result.outcome === "unknown") {
    return { _tag: "Unknown", detail: result?.detail ?? "no answer" }
  }
  return { _tag: "Refused", reason: result.reason ?? result.outcome }
}

/** A set of one. */
const alone = (id: OrderId, traceparent: string | undefined) => ({ items: [id] as const, ...carrying([traceparent]) })

/** What is a definite no, among the problems that a service answers with. */
const definite: ReadonlySet<string> = new Set(["StateConflict", "PaymentNotFound"])

interface Repair {
  readonly remedy: Remedy
  readonly order_id: OrderId
  readonly provider_id: typeof ProviderId.Type
  /** Of the order's own trace, which so tells of its repair too. */
  readonly traceparent: string | undefined
}

/** Asks the service whose books are wrong to put them right: each request is idempotent, and guarded by who is asked. */
export const makeRepair = Effect.gen(function*() {
  const { inventory, orders, payment } = yield* Neighbours
  const { payments, provider_books } = payment

  /** Held money is let go; if it turns out to be taken, it is given back. */
  const letGo = Effect.fnUntraced(function*(payload: ReturnType<typeof alone>) {
    const released = ofOne(yield* payments.voidSet({ payload }))
    return released._tag === "Refused" && released.reason === "already_captured"
      ? ofOne(yield* payments.refundSet({ payload }))
      : released
  })

  const ask = ({ order_id, provider_id, remedy, traceparent }: Repair) => {
    const payload = alone(order_id, traceparent)
    const params = { provider_id }
    switch (remedy) {
      case "settle":
        return Effect.as(provider_books.settle({ params }), done)
      case "agree":
        return Effect.as(provider_books.agree({ params }), done)
      case "capture":
        return Effect.map(payments.captureSet({ payload }), ofOne)
      case "void":
        return letGo(payload)
      case "refund":
        return Effect.map(payments.refundSet({ payload }), ofOne)
      case "release":
        return Effect.map(inventory.reservations.releaseSet({ payload }), ofOne)
      case "commit":
        return Effect.map(inventory.reservations.commitSet({ payload }), ofOne)
      case "confirm":
        return Effect.map(orders.orders.confirmSet({ payload }), ofOne)
      case "cancel": {
        const items = [{ order_ledger_id: order_id, reason: "undone: found by reconciliation" }]
        return Effect.map(orders.orders.cancelSet({ payload: { ...payload, items } }), ofOne)
      }
    }
  }

  return (wanted: Repair): Effect.Effect<Repaired> =>
    ask(wanted).pipe(
      Effect.timeout(CALL_TIMEOUT),
      Effect.catch((error) => {
        const detail = error.message === "" ? error._tag : error.message
        return Effect.succeed<Repaired>(
          definite.has(error._tag) ? { _tag: "Refused", reason: detail } : { _tag: "Unknown", detail }
        )
      })
    )
})
