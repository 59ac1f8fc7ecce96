import type { Effect } from "effect"
import type { RetryPolicy } from "./retry.ts"

/** What is known after acting for one saga. Unknown is not failed: nothing is undone because of it. */
export type Outcome =
  | { readonly _tag: "Done"; readonly facts?: Facts }
  /** A definite no, for a business reason; the action had no effect. */
  | { readonly _tag: "Refused"; readonly reason: string }
  /** Something definite that has no one right answer, such as another amount than ours: a person must look. */
  | { readonly _tag: "Stuck"; readonly reason: string }
  /** Nothing is known about the effect; the same action must be repeated or asked about. */
  | { readonly _tag: "Unknown"; readonly error: string }

/** What a step learned and the journal keeps with the row. */
export type Facts = Readonly<Record<string, string>>

/**
 * Acts for a whole set at once: one call, one outcome an id. An id without an outcome, a failure and a defect are all
 * Unknown. Must be idempotent by id.
 */
export type Act<Row> = (rows: ReadonlyArray<Row>) => Effect.Effect<ReadonlyMap<string, Outcome>, unknown>

/**
 * - origin: happened before the saga took the row; it has only an undo.
 * - compensatable: can be undone; stands before the pivot.
 * - pivot: the point of no return. Before it the saga may turn back, after it only an operator turns it.
 * - retriable: after the pivot; repeated until it holds.
 */
export type Kind = "origin" | "compensatable" | "pivot" | "retriable"

export interface Step<Row> {
  readonly name: string
  readonly kind: Kind
  /** The status the step starts from; the origin starts nowhere. */
  readonly from: string | undefined
  readonly reaches: string
  readonly act: Act<Row> | undefined
  /** Safe when the action never happened, and safe twice. */
  readonly undo: Act<Row> | undefined
  readonly retry: RetryPolicy
}

export interface Saga<Row> {
  readonly name: string
  readonly steps: ReadonlyArray<Step<Row>>
  readonly compensating: string
  readonly failed: string
}

/** Which status may follow which. */
export type StatusGraph = Readonly<Record<string, ReadonlyArray<string>>>
type After<Graph extends StatusGraph, At extends keyof Graph> = Graph[At][number] & string

interface Undoable<Row, To> {
  readonly reaches: To
  readonly act: Act<Row>
  readonly undo: Act<Row>
  readonly retry: RetryPolicy
}
interface Lasting<Row, To> {
  readonly reaches: To
  readonly act: Act<Row>
  readonly retry: RetryPolicy
}

/** Compensatable steps, then at most one pivot. Nothing retriable yet. */
export interface BeforePivot<Row, Graph extends StatusGraph, At extends keyof Graph> {
  compensatable<const To extends After<Graph, At>>(
    name: string,
    step: Undoable<Row, To>
  ): BeforePivot<Row, Graph, To>
  /** The pivot's undo runs only when an operator turns a saga back. */
  pivot<const To extends After<Graph, At>>(name: string, step: Undoable<Row, To>): AfterPivot<Row, Graph, To>
  end: [After<Graph, At>] extends [never] ? () => Saga<Row> : never
}

/** After the pivot: retriable steps only. `end` exists once a terminal status is reached. */
export interface AfterPivot<Row, Graph extends StatusGraph, At extends keyof Graph> {
  retriable<const To extends After<Graph, At>>(name: string, step: Lasting<Row, To>): AfterPivot<Row, Graph, To>
  end: [After<Graph, At>] extends [never] ? () => Saga<Row> : never
}

/**
 * Begins the definition of a saga over rows of type `Row`. The types admit only statuses that may follow each other, only
 * compensatable steps before the pivot, one pivot at most, and only retriable steps after it.
 */
export const saga = <Row>() =>
<const Graph extends StatusGraph, const Start extends keyof Graph & string>(
  name: string,
  options: {
    readonly graph: Graph
    readonly compensating: keyof Graph & string
    readonly failed: keyof Graph & string
    readonly origin: {
      readonly name: string
      readonly reached: Start
      readonly undo: Act<Row>
      readonly retry: RetryPolicy
    }
  }
): BeforePivot<Row, Graph, Start> => {
  const { origin } = options
  const first: Step<Row> = {
    name: origin.name,
    kind: "origin",
    from: undefined,
    reaches: origin.reached,
    act: undefined,
    undo: origin.undo,
    retry: origin.retry
  }
  const build = (steps: ReadonlyArray<Step<Row>>): unknown => {
    const add = (kind: Kind) => (stepName: string, step: Lasting<Row, string> & { readonly undo?: Act<Row> }) => {
      if (steps.some((other) => other.name === stepName)) throw new Error(`saga ${name}: ${stepName} stands twice`)
      return build([...steps, { undo: undefined, ...step, name: stepName, kind, from: steps.at(-1)!.reaches }])
    }
    return {
      compensatable: add("compensatable"),
      pivot: add("pivot"),
      retriable: add("retriable"),
      end: (): Saga<Row> => ({ name, steps, compensating: options.compensating, failed: options.failed })
    }
  }
  return build([first]) as BeforePivot<Row, Graph, Start>
}
