import type { SagaView } from "@surety/contracts/operations-api"
import { SagaNotFound, StateConflict } from "@surety/contracts/problems"
import type { OrderId } from "@surety/domain/ids"
import { withoutNulls } from "@surety/platform/rows"
import { type Change, decide, settle, turnBackFrom } from "@surety/saga/decide"
import type { Saga } from "@surety/saga/definition"
import { Effect } from "effect"
import { fulfilOrder } from "./fulfil-order.ts"
import type { LedgerRow } from "./ledger-row.ts"
import { Neighbours } from "./neighbours.ts"
import { type SagaRow, SagaStore } from "./saga-store.ts"

const nextStep = (saga: Saga<LedgerRow>, row: SagaRow): string | undefined => {
  const next = decide(saga, row)
  return next._tag === "Act" ? next.step.name : next._tag === "Undo" ? `undo ${next.step.name}` : undefined
}

/** What an operator asks of sagas: look, retry, declare done by hand, turn back. Only parked sagas may be changed. */
export const operateSagas = Effect.gen(function*() {
  const store = yield* SagaStore
  const saga = fulfilOrder(yield* Neighbours, 1_000)

  const view = ({ id, ...row }: SagaRow): SagaView => {
    const next_step = nextStep(saga, { id, ...row })
    return {
      ...withoutNulls(row),
      order_ledger_id: id,
      ...(next_step === undefined ? {} : { next_step })
    }
  }

  const find = (id: OrderId) =>
    store.find(id).pipe(
      Effect.filterOrFail((row) => row !== undefined, () => new SagaNotFound({ order_ledger_id: id }))
    )

  const show = (id: OrderId) => Effect.map(find(id), view)

  const retry = Effect.fn("retrySaga")(function*(id: OrderId, note: string) {
    const row = yield* find(id)
    if (yield* store.retry(id, note)) return yield* show(id)
    return yield* new StateConflict({
      current: row.status,
      detail: "ended, waiting for its payment, or held by a worker"
    })
  })

  /** Writes what `decision` makes of a parked saga; no decision, no change. */
  const onParked = (decision: (row: SagaRow) => Change | undefined) =>
    Effect.fn("changeParkedSaga")(function*(id: OrderId, note: string) {
      const row = yield* find(id)
      const change = row.parked_at === null ? undefined : decision(row)
      if (change === undefined || !(yield* store.apply(row, change, note))) {
        return yield* new StateConflict({ current: row.status, detail: "only a parked saga can be changed by hand" })
      }
      return yield* show(id)
    })

  const resolve = onParked((row) => settle(saga, row, { _tag: "Done" }))
  const compensate = onParked((row) =>
    row.status === saga.compensating ? undefined : turnBackFrom(saga, row, "turned back by an operator")
  )

  return { show, retry, resolve, compensate, view, store } as const
})
