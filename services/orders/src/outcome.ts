import type { OrderRecord, OrderRecordResult, OrderRecordStatus } from "@surety/contracts/orders-api"
import { StateConflict } from "@surety/contracts/problems"
import type { OrderId } from "@surety/domain/ids"
import { Effect, Result } from "effect"
import type { OrderStore } from "./order-store.ts"

/** A definite no: nothing was changed. In a set it is told by its `reason`, alone by its `problem`. */
export interface Refusal<Problem> {
  readonly reason: string
  readonly problem: Problem
}
/** Where the order stands now, or why not. */
export type Outcome<Problem> = Result.Result<OrderRecordStatus, Refusal<Problem>>

/** Refused because of where the order stands. */
export const refusedAt = (status: OrderRecordStatus, reason: string, detail: string): Outcome<StateConflict> =>
  Result.fail({ reason, problem: new StateConflict({ current: status, detail }) })

/** The outcome as one line of a set's answer. */
export const resultOf = (id: OrderId, outcome: Outcome<unknown>): OrderRecordResult =>
  Result.match(outcome, {
    onSuccess: (status) => ({ order_ledger_id: id, outcome: "done", status }),
    onFailure: ({ reason }) => ({ order_ledger_id: id, outcome: "refused", reason })
  })

/** The outcome of a set of one, as the answer to a single request: the record as it stands afterwards. */
export const onlyOne = <Problem>(
  store: OrderStore["Service"],
  id: OrderId,
  outcomes: Effect.Effect<ReadonlyArray<Outcome<Problem>>>
): Effect.Effect<OrderRecord, Problem> =>
  Effect.gen(function*() {
    const refusal = Result.getFailure((yield* outcomes)[0]!)
    if (refusal._tag === "Some") return yield* Effect.fail(refusal.value.problem)
    return (yield* store.read([id])).get(id)!
  })
