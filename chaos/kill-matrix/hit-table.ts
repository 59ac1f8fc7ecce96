import { table } from "../../bench/table.ts"
import { type Boundary, localBoundaries, nameOf, type Point, remoteBoundaries } from "./points.ts"
import type { Outcome } from "./run-point.ts"

const isUnique = <A>(value: A, at: number, all: ReadonlyArray<A>) => all.indexOf(value) === at

/** How often each point was hit; a point that there is not has a dot, one that was not hit says so. */
const hitTable = (
  points: ReadonlyArray<Point>,
  boundaries: ReadonlyArray<Boundary>,
  outcomes: ReadonlyArray<Outcome>
) => {
  const steps = points.filter(({ boundary }) => boundaries.includes(boundary)).map(({ step }) => step).filter(isUnique)
  const cell = (step: string, boundary: Boundary) => {
    const name = nameOf({ step, boundary })
    if (!points.some((point) => nameOf(point) === name)) return "·"
    const hits = outcomes.filter(({ hit, point }) => hit && nameOf(point) === name)
    const broken = hits.filter(({ complaints }) => complaints.length > 0).length
    return hits.length === 0 ? "NOT HIT" : broken === 0 ? `${hits.length}` : `${hits.length}, ${broken} BROKEN`
  }
  return steps.length === 0
    ? []
    : [
      table(["step", ...boundaries], steps.map((step) => [step, ...boundaries.map((boundary) => cell(step, boundary))]))
    ]
}

/** Every step and boundary, with the number of kills there. */
export const hitTables = (points: ReadonlyArray<Point>, outcomes: ReadonlyArray<Outcome>): string =>
  [...hitTable(points, remoteBoundaries, outcomes), ...hitTable(points, localBoundaries, outcomes)].join("\n\n")

/** Points that were never hit: a matrix with holes proves nothing. */
export const holes = (points: ReadonlyArray<Point>, outcomes: ReadonlyArray<Outcome>): ReadonlyArray<string> => {
  const hit = new Set(outcomes.flatMap((outcome) => outcome.hit ? [nameOf(outcome.point)] : []))
  return points.map(nameOf).filter((name) => !hit.has(name))
}

/** What was not as it must be, point by point. */
export const complaintsOf = (outcomes: ReadonlyArray<Outcome>): ReadonlyArray<string> =>
  outcomes.flatMap(({ complaints, point }) => complaints.map((complaint) => `${nameOf(point)}: ${complaint}`))

/** The half that is quicker, and the slowest, from the kill to the end of the order. */
export const recovery = (outcomes: ReadonlyArray<Outcome>): string => {
  const seconds = outcomes.flatMap((outcome) => outcome.seconds ?? []).toSorted((a, b) => a - b)
  const at = (share: number) => (seconds[Math.ceil(seconds.length * share) - 1] ?? 0).toFixed(1)
  return `from the kill to the end of the order: p50 ${at(0.5)} s, p95 ${at(0.95)} s, at most ${at(1)} s`
}
