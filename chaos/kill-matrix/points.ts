import type { Moment } from "@surety/testkit/link-proxy"
import type { ServiceName } from "../cluster/links.ts"
import type { Journey } from "./journeys.ts"
import type { Spot } from "./statements.ts"

/** Where one who calls another, or is called, can be killed. */
export const remoteBoundaries = [
  "intent written",
  "done, answer lost",
  "answered, not recorded",
  "recorded",
  "callee: before it",
  "callee: done"
] as const
/** Where one who writes something down can be killed. */
export const localBoundaries = ["before its commit", "after its commit"] as const

export type Boundary = (typeof remoteBoundaries)[number] | (typeof localBoundaries)[number]

/** A moment at which a process is killed. */
export interface Point extends Spot {
  readonly step: string
  readonly boundary: Boundary
  readonly journey: Journey
  readonly moment: Moment
  readonly victim: ServiceName
}

export const nameOf = ({ boundary, step }: Pick<Point, "boundary" | "step">) => `${step} · ${boundary}`

interface Remote {
  readonly step: string
  readonly journey: Journey
  readonly caller: ServiceName
  /** None: the provider, who is not ours to kill. */
  readonly callee?: ServiceName
  readonly asks: Spot
  /** The statement by which the caller writes down what it was answered; none where it asks somebody else first. */
  readonly records?: Spot
}

/** Who asks is killed when his request is out, when it is done, and around writing down the answer; who is asked, around doing it. */
export const remote = ({ asks, callee, caller, journey, records, step }: Remote): ReadonlyArray<Point> => {
  const point = (boundary: Boundary, victim: ServiceName, spot: Spot, moment: Moment): Point => ({
    step,
    boundary,
    journey,
    victim,
    ...spot,
    moment
  })
  return [
    point("intent written", caller, asks, "before_forwarding"),
    point("done, answer lost", caller, asks, "answer_withheld"),
    ...(records === undefined ? [] : [
      point("answered, not recorded", caller, records, "before_forwarding"),
      point("recorded", caller, records, "answer_withheld")
    ]),
    ...(callee === undefined ? [] : [
      point("callee: before it", callee, asks, "before_forwarding"),
      point("callee: done", callee, asks, "answer_withheld")
    ])
  ]
}

/** Who writes is killed when his statement is out and not done, and when it is done and he does not know. */
export const local = (step: string, victim: ServiceName, journey: Journey, spot: Spot): ReadonlyArray<Point> => {
  const point = (boundary: Boundary, moment: Moment): Point => ({
    step,
    boundary,
    journey,
    victim,
    ...spot,
    moment
  })
  return [point("before its commit", "before_forwarding"), point("after its commit", "answer_withheld")]
}
