import { readFileSync } from "node:fs"
import { globSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { runbookOf } from "../observability/alert.ts"
import { alerts } from "../observability/alerts.ts"
import { allQueries } from "../observability/all-queries.ts"
import { complaintsAbout } from "../observability/check-queries.ts"
import { dashboardJson } from "../observability/dashboard.ts"
import { dashboards, generatedFiles } from "../observability/generated-files.ts"

const root = join(import.meta.dirname, "..")
const folder = join(root, "observability")

describe("files in observability/", () => {
  const made = generatedFiles()

  it.each(Object.keys(made))("%s is what the code makes; if not: node observability/build.ts", (path) => {
    expect(readFileSync(join(folder, path), "utf8")).toBe(made[path])
  })

  it("holds no other dashboards, rules or rule tests", () => {
    const found = globSync(["grafana/dashboards/*", "prometheus/rules/*", "prometheus/tests/*"], { cwd: folder })
    expect(found.toSorted()).toEqual(Object.keys(made).toSorted())
  })
})

describe("queries", () => {
  const queries = allQueries()

  it("are found wherever they stand", () => {
    const languages = new Set(queries.map(({ language }) => language))
    expect(languages).toEqual(new Set(["promql", "logql", "traceql"]))
    expect(queries.some(({ at }) => at.includes("| link"))).toBe(true)
    expect(queries.filter(({ at }) => at === "README.md").length).toBeGreaterThanOrEqual(3)
    expect(queries.filter(({ at }) => at === "surety.yaml")).toHaveLength(4)
  })

  it("parse and name only what the catalogue has", () => {
    const complaints = queries.flatMap(({ at, language, text }) =>
      complaintsAbout(language, text).map((what) => `${at}: ${what}: ${text}`)
    )
    expect(complaints).toEqual([])
  })

  it.each(
    [
      ["promql", "sum(rate(saga_orders_completed[5m])", /does not parse/],
      ["promql", "saga_orders_completed", /no metric/],
      ["promql", "saga_queue_wait_seconds", /no metric/],
      ["promql", "saga_orders_completed_total{outcome=\"failed\"}", /no label outcome/],
      ["promql", "saga_orders_completed_total{saga_outcome=~\"failed|lost\"}", /saga_outcome is never lost/],
      ["promql", "sum by (saga_step) (saga_orders_completed_total)", /grouped by saga_step/],
      ["promql", "rate({__name__=~\"http_.*\"}[5m])", /no metric/],
      ["promql", "surety:endings:bad_ratio_2h", /no metric/],
      ["promql", "up{service_name=\"billing\"}", /no metric up/],
      ["logql", "{service_name=\"orders\"} |= \"saga.exploded\"", /no event saga.exploded/],
      ["logql", "{service_name=\"orders\"} | order_id = \"1\"", /no attribute order_id/],
      ["logql", "{service_name=\"orders\"", /does not parse/],
      ["traceql", "{ span.order.id = \"1\" }", /no attribute order.id/],
      ["traceql", "{ span.saga.order.id = }", /does not parse/]
    ] as const
  )("would not pass as %s: %s", (language, text, complaint) => {
    expect(complaintsAbout(language, text).join(", ")).toMatch(complaint)
  })
})

describe("dashboards", () => {
  const panels = Object.entries(dashboards).flatMap(([name, dashboard]) =>
    dashboard.rows.flatMap(({ panels }) => panels.map((panel) => ({ at: `${name} | ${panel.title}`, ...panel })))
  )

  it.each(panels.map((panel) => [panel.at, panel] as const))(
    "%s says what it shows, in which unit, and what no value means",
    (_, { json, title, width }) => {
      const { defaults } = json["fieldConfig"] as { readonly defaults: Record<string, unknown> }
      expect(title.length).toBeGreaterThan(2)
      expect(String(json["description"]).length).toBeGreaterThan(20)
      expect(defaults["unit"]).toBeTypeOf("string")
      if (json["type"] !== "text") expect(String(defaults["noValue"]).length).toBeGreaterThan(0)
      expect(width).toBeLessThanOrEqual(24)
    }
  )

  it("begin with numbers of now, give no title twice, and leave no hole in a row", () => {
    for (const [name, { rows }] of Object.entries(dashboards)) {
      expect(rows[0]!.panels.map(({ json }) => json["type"]), name).toSatisfy((types: Array<string>) =>
        types.every((type) => type === "stat")
      )
      const titles = rows.flatMap(({ panels }) => panels.map(({ title }) => title))
      expect(titles, name).toHaveLength(new Set(titles).size)
      for (const { panels, title } of rows) {
        expect(panels.reduce((sum, { width }) => sum + width, 0) % 24, `${name} | ${title}`).toBe(0)
      }
    }
  })

  it("lead only to dashboards that there are", () => {
    const uids = new Set(Object.values(dashboards).map(({ uid }) => uid))
    const text = JSON.stringify([Object.values(dashboards).map(dashboardJson), alerts])
    const named = [...text.matchAll(/surety-(?:saga|order|services|runtime|objectives|telemetry)[a-z-]*/g)].map((
      [uid]
    ) => uid)
    expect(named.length).toBeGreaterThan(10)
    for (const uid of named) expect(uids).toContain(uid)
  })
})

describe("alerts", () => {
  const readme = readFileSync(join(folder, "README.md"), "utf8")
  const headings = new Map(
    [...readme.matchAll(/^### (\w+)\n\*(page|ticket)\.\*/gm)].map((
      [, heading, severity]
    ) => [heading!.toLowerCase(), severity])
  )

  it.each(alerts.map((alert) => [alert.name, alert] as const))(
    "%s says what to do, here and in its runbook",
    (_, alert) => {
      expect(alert.summary.length).toBeGreaterThan(20)
      expect(alert.description.length).toBeGreaterThan(60)
      expect(headings.get(runbookOf(alert).split("#")[1]!)).toBe(alert.severity)
    }
  )

  it("have no runbook for one that is not there", () => {
    expect([...headings.keys()].toSorted()).toEqual(alerts.map(({ name }) => name.toLowerCase()).toSorted())
  })
})
