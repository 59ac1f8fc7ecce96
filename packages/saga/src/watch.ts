import type { Cause, Effect } from "effect"
import type { Change, Next } from "./decide.ts"
import type { Outcome, Step } from "./definition.ts"

/** What the engine reports; the caller logs and counts it. */
export type Report<Row> =
  | { readonly _tag: "Recorded"; readonly row: Row; readonly step: Step<Row>; readonly change: Change }
  | { readonly _tag: "Fenced"; readonly row: Row }
  | { readonly _tag: "Trouble"; readonly doing: string; readonly cause: Cause.Cause<unknown> }

export type Outcomes = ReadonlyMap<string, Outcome>
/** What comes next for a group of rows: one step's action or its undo. */
export type Acting<Row> = Exclude<Next<Row>, { _tag: "Ended" }>

/** Looks on while sagas are driven: for logs, metrics and traces. Whatever it does, it runs what it is given, once. */
export interface Watch<Row> {
  readonly report: (report: Report<Row>) => Effect.Effect<void>
  /** Around everything that is done for a claimed set until its rows are let go. */
  readonly claimed: <E>(
    rows: ReadonlyArray<Row>,
    work: (rows: ReadonlyArray<Row>) => Effect.Effect<void, E>
  ) => Effect.Effect<void, E>
  /** Around one call of a step for rows that need it. */
  readonly acting: (
    next: Acting<Row>,
    rows: ReadonlyArray<Row>,
    act: (rows: ReadonlyArray<Row>) => Effect.Effect<Outcomes, unknown>
  ) => Effect.Effect<Outcomes, unknown>
}
