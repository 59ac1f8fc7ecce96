import { Schema } from "effect"

/** HELD: set aside for an order. COMMITTED: left the shelf. RELEASED: back on it. REFUSED: never held. */
export const ReservationStatus = Schema.Literals(["HELD", "COMMITTED", "RELEASED", "REFUSED"]).annotate({
  identifier: "ReservationStatus"
})
export type ReservationStatus = typeof ReservationStatus.Type

/** Why a warehouse was passed over, or that it was taken. */
export const CandidateVerdict = Schema.Literals(["chosen", "insufficient_stock", "not_stocked"]).annotate({
  identifier: "CandidateVerdict"
})
export type CandidateVerdict = typeof CandidateVerdict.Type

export const RefusalReason = Schema.Literals(["insufficient_stock", "no_single_warehouse", "released_before"]).annotate(
  {
    identifier: "RefusalReason"
  }
)
export type RefusalReason = typeof RefusalReason.Type
