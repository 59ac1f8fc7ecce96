import type { Facts, Outcome, Saga, Step } from "./definition.ts"
import { waitAfter } from "./retry.ts"

/** Where a saga stands: all that a decision needs. */
export interface Standing {
  readonly status: string
  /** The step whose undo comes next; set exactly while compensating. */
  readonly undoing: string | null
  /** Attempts already made at what comes next. */
  readonly attempts: number
}

export type Next<Row> =
  | { readonly _tag: "Act"; readonly step: Step<Row> }
  | { readonly _tag: "Undo"; readonly step: Step<Row> }
  | { readonly _tag: "Ended" }

/** What a saga needs next: a pure function of its definition and where it stands. */
export const decide = <Row>(saga: Saga<Row>, standing: Standing): Next<Row> => {
  if (standing.status === saga.compensating) {
    const step = saga.steps.find((candidate) => candidate.name === standing.undoing)
    if (step?.undo === undefined) throw new Error(`saga ${saga.name}: nothing to undo at ${standing.undoing}`)
    return { _tag: "Undo", step }
  }
  const step = saga.steps.find((candidate) => candidate.from === standing.status)
  return step === undefined ? { _tag: "Ended" } : { _tag: "Act", step }
}

/** What is to be written down after acting. */
export interface Change extends Standing {
  /** At most how long until the next attempt, in milliseconds; 0 is at once. */
  readonly wait_millis: number
  /** Why the saga turned back; kept when `null`. */
  readonly reason: string | null
  readonly last_error: string | null
  /** Why a person has to look; the status is kept. */
  readonly parked_reason: string | null
  readonly ended: boolean
  readonly facts: Facts
}

/** Of whatever has a standing only that: a row brings more, which is not to be written down. */
const kept = ({ attempts, status, undoing }: Standing): Standing => ({ attempts, status, undoing })

const unchanged = { wait_millis: 0, reason: null, last_error: null, parked_reason: null, ended: false, facts: {} }

/** The change that an outcome brings to a saga which stood at `standing`. Pure, like {@link decide}. */
export const settle = <Row>(saga: Saga<Row>, standing: Standing, outcome: Outcome): Change => {
  const next = decide(saga, standing)
  if (next._tag === "Ended") throw new Error(`saga ${saga.name}: nothing follows ${standing.status}`)
  const { step } = next
  switch (outcome._tag) {
    case "Done":
      return next._tag === "Undo" ? undone(saga, step) : reached(saga, step, outcome.facts ?? {})
    case "Refused":
      if (next._tag === "Undo" || step.kind === "retriable") return parked(standing, `${step.name}: ${outcome.reason}`)
      // A definite no had no effect, and the step itself needs no undo; unless an attempt before it went unanswered.
      return turnBack(
        saga,
        saga.steps.indexOf(step) - (step.kind === "compensatable" && standing.attempts > 0 ? 0 : 1),
        outcome.reason
      )
    case "Stuck":
      return parked(standing, `${step.name}: ${outcome.reason}`)
    case "Unknown": {
      const attempts = standing.attempts + 1
      const wait = waitAfter(step.retry, attempts)
      if (wait !== undefined) {
        return { ...unchanged, ...kept(standing), attempts, wait_millis: wait, last_error: outcome.error }
      }
      // Before the pivot an unanswered step is undone too, for it may have happened; the pivot itself never is.
      return next._tag === "Act" && step.kind === "compensatable"
        ? { ...turnBack(saga, saga.steps.indexOf(step), `${step.name}: no answer`), last_error: outcome.error }
        : { ...parked(standing, `${step.name}: no answer`), last_error: outcome.error }
    }
  }
}

const reached = <Row>(saga: Saga<Row>, step: Step<Row>, facts: Facts): Change => ({
  ...unchanged,
  status: step.reaches,
  undoing: null,
  attempts: 0,
  ended: !saga.steps.some((other) => other.from === step.reaches),
  facts
})

const parked = (standing: Standing, parked_reason: string): Change => ({
  ...unchanged,
  ...kept(standing),
  parked_reason
})

/** Backwards from the step at `index`, newest first, to the next one that has an undo. */
const turnBack = <Row>(saga: Saga<Row>, index: number, reason: string | null): Change => {
  const undoable = saga.steps.findLast((step, i) => i <= index && step.undo !== undefined)
  return undoable === undefined
    ? { ...unchanged, status: saga.failed, undoing: null, attempts: 0, ended: true, reason }
    : { ...unchanged, status: saga.compensating, undoing: undoable.name, attempts: 0, reason }
}

const undone = <Row>(saga: Saga<Row>, step: Step<Row>): Change => turnBack(saga, saga.steps.indexOf(step) - 1, null)

/** An operator's order to turn back a saga that goes forward: everything that may have happened is undone. */
export const turnBackFrom = <Row>(saga: Saga<Row>, standing: Standing, reason: string): Change => {
  const next = decide(saga, standing)
  if (next._tag !== "Act") throw new Error(`saga ${saga.name}: cannot turn back at ${standing.status}`)
  return turnBack(saga, saga.steps.indexOf(next.step), reason)
}
