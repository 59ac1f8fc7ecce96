/**
 * What promtool plays to the rules. Numbers here are written out, never taken from the rules or their thresholds: they are the
 * second opinion.
 */
export interface Scenario {
  readonly alert: string
  readonly name: string
  /** Series by selector, each with its values an interval apart, in promtool's notation. */
  readonly input: Readonly<Record<string, string>>
  /** How many of the alert fire, at which time. */
  readonly firing: Readonly<Record<string, number>>
}

/** A counter from 0 that grows by so much an interval, for so many intervals, then at another pace. */
export const counter = (...phases: ReadonlyArray<readonly [growth: number, intervals: number]>): string => {
  let total = 0
  const parts = phases.map(([growth, intervals]) => {
    const first = total + growth
    total += growth * intervals
    return `${round(first)}+${round(growth)}x${intervals - 1}`
  })
  return ["0", ...parts].join(" ")
}

/** A gauge with a value for so many intervals, then another. */
export const gauge = (...phases: ReadonlyArray<readonly [value: number, intervals: number]>): string =>
  phases.map(([value, intervals]) => `${value}x${intervals - 1}`).join(" ")

const round = (value: number) => Number(value.toFixed(6))

interface TestFile {
  /** Between two values and between two evaluations. */
  readonly interval: string
  readonly scenarios: ReadonlyArray<Scenario>
  /** Where the rules are, seen from the file. */
  readonly rules: string
  /** Which alerts a scenario is held against; the one it names, unless said otherwise. */
  readonly alertsOf?: (scenario: Scenario) => ReadonlyArray<string>
}

/** A file for `promtool test rules`. */
export const testFile = ({ alertsOf = ({ alert }) => [alert], interval, rules, scenarios }: TestFile) => ({
  rule_files: [rules],
  evaluation_interval: interval,
  tests: scenarios.map((scenario) => ({
    name: `${scenario.alert}: ${scenario.name}`,
    interval,
    input_series: Object.entries(scenario.input).map(([series, values]) => ({ series, values })),
    promql_expr_test: Object.entries(scenario.firing).flatMap(([eval_time, value]) =>
      alertsOf(scenario).map((alert) => ({
        expr: `count(ALERTS{alertname="${alert}", alertstate="firing"})`,
        eval_time,
        ...(value === 0 ? {} : { exp_samples: [{ labels: "{}", value }] })
      }))
    )
  }))
})
