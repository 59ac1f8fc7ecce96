import { type Dashboard, dashboardJson } from "./dashboard.ts"
import { objectivesDashboard } from "./dashboards/objectives.ts"
import { orderExplorer } from "./dashboards/order-explorer.ts"
import { runtimeAndDatabase } from "./dashboards/runtime-and-database.ts"
import { sagaOverview } from "./dashboards/saga-overview.ts"
import { services } from "./dashboards/services.ts"
import { telemetryPipeline } from "./dashboards/telemetry-pipeline.ts"
import { testFile } from "./rule-tests/scenario.ts"
import { suites } from "./rule-tests/suites.ts"
import { ruleFile } from "./rules-file.ts"
import { toYaml } from "./yaml.ts"

/** By the names of their files; the first is Grafana's home. */
export const dashboards: Readonly<Record<string, Dashboard>> = {
  "saga-overview": sagaOverview,
  "order-explorer": orderExplorer,
  services,
  "runtime-and-database": runtimeAndDatabase,
  objectives: objectivesDashboard,
  "telemetry-pipeline": telemetryPipeline
}

const NOTE = "# Made by observability/build.ts: change what makes it.\n"

/** Every file that is made, by its path in this folder, with its content. */
export const generatedFiles = (): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(
    Object.entries(dashboards).map(([name, dashboard]) => [
      `grafana/dashboards/${name}.json`,
      `${JSON.stringify(dashboardJson(dashboard), null, 1)}\n`
    ])
  ),
  "prometheus/rules/surety.yaml": NOTE + toYaml(ruleFile()),
  ...Object.fromEntries(
    suites.map(({ interval, name, scenarios }) => [
      `prometheus/tests/${name}.yaml`,
      NOTE + toYaml(testFile({ interval, scenarios, rules: "../rules/surety.yaml" }))
    ])
  )
})
