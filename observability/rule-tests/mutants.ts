import type { Alert } from "../alert.ts"

/** A rule with one number changed, under a name of its own; its unit test has to notice. */
export interface Mutant {
  readonly what: string
  readonly alert: Alert
}

const seconds = (duration: string): number => Number.parseInt(duration, 10) * (duration.endsWith("m") ? 60 : 1)

/** By a tenth, or by one where the number is a small whole one. */
const neighbours = (value: number): ReadonlyArray<number> =>
  Number.isInteger(value) && value < 10 ? [value - 1, value + 1] : [value * 0.9, value * 1.1]

/**
 * Every number that an alert compares with, and how long it waits, a little smaller and a little greater.
 *
 * @param step the interval of the rule's unit test, in seconds; a wait is changed by that much
 */
export const mutantsOf = (alert: Alert, step: number): ReadonlyArray<Mutant> =>
  [...otherNumbers(alert), ...otherWaits(alert, step)].map(({ alert: changed, what }, i) => ({
    what,
    alert: { ...changed, name: `${alert.name}Mutant${i}` }
  }))

const otherNumbers = (alert: Alert): ReadonlyArray<Mutant> =>
  [...alert.expr.matchAll(/([<>]=?) ([\d.]+)/g)].flatMap(({ 0: found, 1: operator, 2: number, index }) =>
    neighbours(Number(number)).map((value) => {
      const changed = `${operator} ${Number(value.toPrecision(6))}`
      const expr = alert.expr.slice(0, index) + changed + alert.expr.slice(index + found.length)
      return { what: `${found} at ${index} made ${changed}`, alert: { ...alert, expr } }
    })
  )

const otherWaits = (alert: Alert, step: number): ReadonlyArray<Mutant> =>
  [seconds(alert.for) - step, seconds(alert.for) + step].map((value) => ({
    what: `for ${alert.for} made ${value}s`,
    alert: { ...alert, for: `${value}s` }
  }))
