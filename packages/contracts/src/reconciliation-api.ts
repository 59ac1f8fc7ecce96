import { OrderId } from "@surety/domain/ids"
import { text } from "@surety/domain/order"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Cursor, PageLimit, Timestamp } from "./manners.ts"
import { FindingNotFound, StateConflict } from "./problems.ts"

/** What does not fit together: the ledger, our record of the payment, the provider, the reservation, the order record. */
export const FindingKind = Schema.Literals([
  "hold_without_order",
  "double_hold",
  "capture_without_record",
  "record_without_capture",
  "wrong_amount",
  "missing_refund",
  "payment_without_order",
  "leaked_reservation",
  "order_at_odds"
]).annotate({ identifier: "FindingKind" })
export type FindingKind = typeof FindingKind.Type

/**
 * SUSPECTED: seen once, which an order under way may cause. OPEN: seen again, being repaired. PARKED: for a person. REPAIRED:
 * by us. VANISHED: it was there and is no more, without our doing. CLOSED: by a person, who said why.
 */
export const FindingState = Schema.Literals(["SUSPECTED", "OPEN", "PARKED", "REPAIRED", "VANISHED", "CLOSED"])
  .annotate({ identifier: "FindingState" })
export type FindingState = typeof FindingState.Type

/** `remedy` is the one right answer, where there is one; `seen` is what stood where, in a line. */
export const FindingView = Schema.Struct({
  id: Cursor,
  kind: FindingKind,
  order_id: OrderId,
  provider_id: Schema.optionalKey(Schema.String),
  state: FindingState,
  seen: Schema.String,
  remedy: Schema.optionalKey(Schema.String),
  attempts: Schema.Int,
  last_error: Schema.optionalKey(Schema.String),
  note: Schema.optionalKey(Schema.String),
  first_seen_at: Timestamp,
  last_seen_at: Timestamp,
  next_look_at: Schema.optionalKey(Timestamp),
  ended_at: Schema.optionalKey(Timestamp)
}).annotate({ identifier: "Finding" })
export type FindingView = typeof FindingView.Type

/**
 * How far the comparison is. Everything that the provider made before `listed_until` has been compared at least once; the
 * round through the last days has come down to `round_until`. `findings` counts them by state.
 */
export const ReconciliationView = Schema.Struct({
  last_look_at: Schema.optionalKey(Timestamp),
  last_look_millis: Schema.Int,
  last_compared: Schema.Int,
  compared: Schema.Int,
  next_look_at: Timestamp,
  listed_until: Timestamp,
  round_until: Schema.optionalKey(Timestamp),
  rounds: Schema.Int,
  lease_owner: Schema.optionalKey(Schema.String),
  findings: Schema.Record(FindingState, Schema.Int)
}).annotate({ identifier: "Reconciliation" })
export type ReconciliationView = typeof ReconciliationView.Type

const onFinding = {
  params: { finding_id: Cursor },
  payload: Schema.Struct({ note: text(500) }),
  success: FindingView,
  error: [FindingNotFound, StateConflict] as const
}

export class ReconciliationGroup extends HttpApiGroup.make("reconciliation")
  .add(
    HttpApiEndpoint.get("show", "/reconciliation", { success: ReconciliationView }).annotateMerge(
      OpenApi.annotations({ summary: "When the books were last compared, how much of them, and what was found" })
    ),
    HttpApiEndpoint.get("list", "/reconciliation/findings", {
      query: {
        state: Schema.optionalKey(FindingState),
        limit: Schema.optionalKey(PageLimit),
        cursor: Schema.optionalKey(Cursor)
      },
      success: Schema.Struct({ findings: Schema.Array(FindingView), next_cursor: Schema.optionalKey(Cursor) })
    }).annotateMerge(OpenApi.annotations({
      summary: "Findings, newest first; without a state all but the suspected ones"
    })),
    HttpApiEndpoint.post("close", "/reconciliation/findings/:finding_id/close", onFinding).annotateMerge(
      OpenApi.annotations({
        summary: "It is dealt with, or is as it should be: not told again as long as the same is seen"
      })
    ),
    HttpApiEndpoint.post("retry", "/reconciliation/findings/:finding_id/retry", onFinding).annotateMerge(
      OpenApi.annotations({ summary: "Look again at a parked finding, and repair it with a fresh budget" })
    )
  )
{}
