import { OrderId } from "@surety/domain/ids"
import { text } from "@surety/domain/order"
import { OrderStatus } from "@surety/domain/order-status"
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiMiddleware, OpenApi } from "effect/http-api"
import { Event, EventCursor } from "./events.ts"
import { Cursor, PageLimit, strictly, Timestamp, TraceId } from "./manners.ts"
import { SagaNotFound, StateConflict } from "./problems.ts"
import { ReconciliationGroup } from "./reconciliation-api.ts"

/** A saga as the person on call sees it. `undoing` names the step whose undo comes next. */
export const SagaView = Schema.Struct({
  order_ledger_id: OrderId,
  status: OrderStatus,
  next_step: Schema.optionalKey(Schema.String),
  undoing: Schema.optionalKey(Schema.String),
  reason: Schema.optionalKey(Schema.String),
  attempts: Schema.Int,
  next_run_at: Schema.optionalKey(Timestamp),
  last_error: Schema.optionalKey(Schema.String),
  parked_at: Schema.optionalKey(Timestamp),
  parked_reason: Schema.optionalKey(Schema.String),
  lease_owner: Schema.optionalKey(Schema.String),
  lease_until: Schema.optionalKey(Timestamp),
  lease_expiries: Schema.Int,
  fence: Schema.Int,
  operator_note: Schema.optionalKey(Schema.String),
  trace_id: Schema.optionalKey(TraceId),
  created_at: Timestamp,
  updated_at: Timestamp
}).annotate({ identifier: "Saga" })
export type SagaView = typeof SagaView.Type

const Note = Schema.Struct({ note: text(500) })
const onSaga = {
  params: { order_ledger_id: OrderId },
  payload: Note,
  success: SagaView,
  error: [SagaNotFound, StateConflict] as const
}

export class SagasGroup extends HttpApiGroup.make("sagas")
  .add(
    HttpApiEndpoint.get("list", "/sagas", {
      query: {
        status: Schema.optionalKey(OrderStatus),
        parked: Schema.optionalKey(Schema.Literals(["true", "false"])),
        limit: Schema.optionalKey(PageLimit),
        cursor: Schema.optionalKey(Cursor)
      },
      success: Schema.Struct({ sagas: Schema.Array(SagaView), next_cursor: Schema.optionalKey(Cursor) })
    }).annotateMerge(OpenApi.annotations({ summary: "Sagas, newest first" })),
    HttpApiEndpoint.get("show", "/sagas/:order_ledger_id", {
      params: { order_ledger_id: OrderId },
      success: SagaView,
      error: SagaNotFound
    }),
    HttpApiEndpoint.post("retry", "/sagas/:order_ledger_id/retry", onSaga).annotateMerge(
      OpenApi.annotations({ summary: "Unpark: the same step again, with a fresh budget" })
    ),
    HttpApiEndpoint.post("resolve", "/sagas/:order_ledger_id/resolve", onSaga).annotateMerge(
      OpenApi.annotations({
        summary: "Declare the step a parked saga stands before as done by hand, and go on from there"
      })
    ),
    HttpApiEndpoint.post("compensate", "/sagas/:order_ledger_id/compensate", onSaga).annotateMerge(
      OpenApi.annotations({ summary: "Turn a parked saga back: undo everything, refund what was captured" })
    )
  )
{}

export const Claiming = Schema.Struct({ paused: Schema.Boolean, note: Schema.optionalKey(text(500)) }).annotate({
  identifier: "Claiming",
  description: "Whether orchestrators claim work; it holds for every instance and survives restarts"
})

export class ClaimingGroup extends HttpApiGroup.make("claiming")
  .add(
    HttpApiEndpoint.get("show", "/claiming", { success: Claiming }),
    HttpApiEndpoint.put("set", "/claiming", { payload: Claiming, success: Claiming })
  )
{}

export class EventsGroup extends HttpApiGroup.make("events")
  .add(
    HttpApiEndpoint.get("read", "/events", {
      query: { after: Schema.optionalKey(EventCursor), limit: Schema.optionalKey(PageLimit) },
      success: Schema.Struct({ events: Schema.Array(Event), next: EventCursor })
    }).annotateMerge(OpenApi.annotations({
      summary: "The outbox: every transition in commit order, at least once; send `next` back as `after`"
    }))
  )
{}

/** Port 3004: what the person on call looks at and does. */
export class OperationsApi extends HttpApi.make("operations-api")
  .add(SagasGroup)
  .add(ClaimingGroup)
  .add(EventsGroup)
  .add(ReconciliationGroup)
  .middleware(HttpApiMiddleware.ProblemDetails)
  .annotate(HttpApi.PayloadParseOptions, strictly)
  .annotate(HttpApi.QueryParseOptions, strictly)
  .annotateMerge(OpenApi.annotations({ title: "Surety operations", version: "1.0.0" }))
{}
