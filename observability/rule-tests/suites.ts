import { fastBurnScenarios, slowBurnScenarios } from "./burn-scenarios.ts"
import { sagaScenarios } from "./saga-scenarios.ts"
import type { Scenario } from "./scenario.ts"

interface Suite {
  /** The name of its file in prometheus/tests. */
  readonly name: string
  /** Between two samples and between two evaluations. */
  readonly interval: string
  readonly seconds: number
  readonly scenarios: ReadonlyArray<Scenario>
}

export const suites: ReadonlyArray<Suite> = [
  { name: "sagas", interval: "15s", seconds: 15, scenarios: sagaScenarios },
  { name: "fast-burns", interval: "1m", seconds: 60, scenarios: fastBurnScenarios },
  { name: "slow-burns", interval: "5m", seconds: 300, scenarios: slowBurnScenarios }
]
