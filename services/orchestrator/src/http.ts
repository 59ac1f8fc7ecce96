import { OperationsApi } from "@surety/contracts/operations-api"
import { withoutNulls } from "@surety/platform/rows"
import { Effect, Layer } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { operateFindings } from "./operate-findings.ts"
import { operateSagas } from "./operate-sagas.ts"
import { SagaStore } from "./saga-store.ts"

const PAGE_USUAL = 20
/** The place in the feed before its first event. */
const BEFORE_ALL = "0.0.0"

const sagas = HttpApiBuilder.group(
  OperationsApi,
  "sagas",
  Effect.fn(function*(handlers) {
    const operate = yield* operateSagas
    return handlers.handleAll({
      list: Effect.fnUntraced(function*({ query }) {
        const limit = query.limit ?? PAGE_USUAL
        const rows = yield* operate.store.list({
          status: query.status ?? null,
          parked: query.parked === undefined ? null : query.parked === "true",
          before: query.cursor ?? null,
          limit
        })
        const last = rows.length === limit ? rows.at(-1) : undefined
        return { sagas: rows.map(operate.view), ...(last === undefined ? {} : { next_cursor: last.id }) }
      }),
      show: ({ params }) => operate.show(params.order_ledger_id),
      retry: ({ params, payload }) => operate.retry(params.order_ledger_id, payload.note),
      resolve: ({ params, payload }) => operate.resolve(params.order_ledger_id, payload.note),
      compensate: ({ params, payload }) => operate.compensate(params.order_ledger_id, payload.note)
    })
  })
)

const claiming = HttpApiBuilder.group(
  OperationsApi,
  "claiming",
  Effect.fn(function*(handlers) {
    const store = yield* SagaStore
    const current = Effect.map(store.claiming, (row) => ({
      paused: row.paused,
      ...(row.note === null ? {} : { note: row.note })
    }))
    return handlers.handleAll({
      show: () => current,
      set: ({ payload }) => Effect.andThen(store.setClaiming(payload.paused, payload.note ?? null), current)
    })
  })
)

const events = HttpApiBuilder.group(
  OperationsApi,
  "events",
  Effect.fn(function*(handlers) {
    const store = yield* SagaStore
    return handlers.handleAll({
      read: Effect.fnUntraced(function*({ query }) {
        const after = query.after ?? BEFORE_ALL
        const rows = yield* store.events(after, query.limit ?? PAGE_USUAL)
        return {
          events: rows.map(({ position: _, ...row }) => withoutNulls(row)),
          next: rows.at(-1)?.position ?? after
        }
      })
    })
  })
)

const reconciliation = HttpApiBuilder.group(
  OperationsApi,
  "reconciliation",
  Effect.fn(function*(handlers) {
    const operate = yield* operateFindings
    return handlers.handleAll({
      show: () => operate.show,
      list: ({ query }) =>
        operate.page({
          state: query.state ?? null,
          before: query.cursor ?? null,
          limit: query.limit ?? PAGE_USUAL
        }),
      close: ({ params, payload }) => operate.close(params.finding_id, payload.note),
      retry: ({ params, payload }) => operate.retry(params.finding_id, payload.note)
    })
  })
)

export const operationsHandlers = Layer.mergeAll(sagas, claiming, events, reconciliation)
