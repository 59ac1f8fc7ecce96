import type { OrderRecord, OrderRecordResult } from "@surety/contracts/orders-api"
import { StateConflict } from "@surety/contracts/problems"
import type { OrderId } from "@surety/domain/ids"
import { Effect, Result } from "effect"

/** A definite no: nothing was changed. In a set it is told by its `reason`, alone by its `problem`. */
export interface Refusal<Problem> {
  readonly reason: string
  readonly problem: Problem
}
export type Outcome<Problem> = Result.Result<OrderRecord, Refusal<Problem>>

/** Refused because of where the order stands. */
export const refusedAt = (record: OrderRecord, reason: string, detail: string): Outcome<StateConflict> =>
  Result.fail({ reason, problem: new StateConflict({ current: record.status, detail }) })

/** The outcome as one line of a set's answer. */
export const resultOf = (id: OrderId, outcome: Outcome<unknown>): OrderRecordResult =>
  Result.match(outcome, {
    onSuccess: (record) => ({ order_ledger_id: id, outcome: "done", status: record.status }),
    onFailure: ({ reason }) => ({ order_ledger_id: id, outcome: "refused", reason })
  })

/** The outcome of a set of one, as the answer to a single request. */
export const onlyOne = <Problem>([outcome]: ReadonlyArray<Outcome<Problem>>): Effect.Effect<OrderRecord, Problem> =>
  outcome === undefined
    ? Effect.die(new Error("a set of one came out without an outcome"))
    : Effect.mapError(Effect.fromResult(outcome), (refusal) => refusal.problem)
