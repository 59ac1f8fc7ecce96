import { dashboard as toDashboard, type Link } from "./links.ts"
import { type Json, SOURCES } from "./panel-json.ts"
import type { Panel } from "./panels.ts"

/** Panels side by side under a heading; they wrap where 24 columns are full. */
export interface Row {
  readonly title: string
  readonly panels: ReadonlyArray<Panel>
}

export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly description: string
  /** Such as `now-1h`. */
  readonly from: string
  readonly variables?: ReadonlyArray<Json>
  readonly links?: ReadonlyArray<Link>
  readonly rows: ReadonlyArray<Row>
}

const COLUMNS = 24

/** Every dashboard has alerts that fired and starts of services drawn into its graphs: most troubles begin with one of these. */
const annotations: ReadonlyArray<Json> = [
  {
    name: "Alerts",
    enable: true,
    hide: false,
    iconColor: "red",
    datasource: SOURCES.prometheus,
    expr: "max by (alertname) (ALERTS{alertstate=\"firing\"})",
    titleFormat: "{{alertname}}",
    step: "15s"
  },
  {
    name: "Starts and stops",
    enable: true,
    hide: false,
    iconColor: "blue",
    datasource: SOURCES.loki,
    expr: "{service_name=~\".+\"} |~ \"service.started|service.stopping\"",
    titleFormat: "{{service_name}}",
    textFormat: "{{__line__}}"
  }
]

/** Puts panels into rows of 24 columns, each row as high as its highest panel. */
const place = (rows: ReadonlyArray<Row>): ReadonlyArray<Json> => {
  const placed: Array<Json> = []
  let y = 0
  for (const { panels, title } of rows) {
    const row = { type: "row", title, collapsed: false, panels: [], gridPos: { x: 0, y, w: COLUMNS, h: 1 } }
    placed.push({ id: placed.length + 1, ...row })
    y += 1
    let x = 0
    let highest = 0
    for (const { height, json, width } of panels) {
      if (x + width > COLUMNS) {
        y += highest
        x = 0
        highest = 0
      }
      placed.push({ id: placed.length + 1, ...json, gridPos: { x, y, w: width, h: height } })
      x += width
      highest = Math.max(highest, height)
    }
    y += highest
  }
  return placed
}

const between: ReadonlyArray<Json> = [{
  type: "dashboards",
  title: "Surety",
  tags: ["surety"],
  asDropdown: true,
  includeVars: false,
  keepTime: true
}]

/** A dashboard as Grafana's file provider reads it. */
export const dashboardJson = (dashboard: Dashboard): Json => ({
  uid: dashboard.uid,
  title: dashboard.title,
  description: dashboard.description,
  tags: ["surety"],
  schemaVersion: 41,
  editable: true,
  // One crosshair through all graphs: what happened at the same moment is what one looks for.
  graphTooltip: 1,
  timezone: "browser",
  refresh: "10s",
  time: { from: dashboard.from, to: "now" },
  annotations: { list: annotations },
  links: [...between, ...(dashboard.links ?? []).map((link) => ({ type: "link", icon: "external link", ...link }))],
  templating: { list: dashboard.variables ?? [] },
  panels: place(dashboard.rows)
})

/** A link of the head line to another of our dashboards. */
export const headLink = (title: string, uid: string): Link => ({ title, url: toDashboard(uid) })
