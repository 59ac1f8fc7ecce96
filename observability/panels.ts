import type { Link } from "./links.ts"
import {
  type Asked,
  type Json,
  logTarget,
  type MetricQuery,
  promTarget,
  SOURCES,
  type Steps,
  thresholdsJson,
  traceTarget
} from "./panel-json.ts"

/** What a panel is, before it has a place. */
export interface Panel {
  readonly title: string
  readonly width: number
  readonly height: number
  readonly json: Json
}

interface Face {
  readonly title: string
  /** What it shows and what to make of it. */
  readonly description: string
  /** In columns of 24 and rows of about 30 pixels. */
  readonly width?: number
  readonly height?: number
  readonly links?: ReadonlyArray<Link>
}

interface Measured extends Face {
  readonly queries: ReadonlyArray<MetricQuery>
  /** Grafana's word for it, such as `s` or `percentunit`. */
  readonly unit: string
  readonly decimals?: number
  /** What stands there instead of a number when there is none: mostly that nothing happened. */
  readonly noValue: string
  readonly steps?: Steps
  readonly min?: number
  readonly max?: number
}

const panel = (type: string, face: Face, width: number, height: number, json: Json): Panel => ({
  title: face.title,
  width: face.width ?? width,
  height: face.height ?? height,
  json: { type, title: face.title, description: face.description, ...json }
})

const defaults = (asked: Measured, custom: Json = {}): Json => ({
  unit: asked.unit,
  noValue: asked.noValue,
  ...(asked.decimals === undefined ? {} : { decimals: asked.decimals }),
  ...(asked.min === undefined ? {} : { min: asked.min }),
  ...(asked.max === undefined ? {} : { max: asked.max }),
  ...(asked.links === undefined ? {} : { links: asked.links }),
  color: { mode: asked.steps === undefined ? "palette-classic" : "thresholds" },
  thresholds: thresholdsJson(asked.steps),
  custom
})

/** One number, of now. Its background says whether it is all right. */
export const stat = (asked: Measured): Panel =>
  panel("stat", asked, 4, 4, {
    datasource: SOURCES.prometheus,
    targets: asked.queries.map((query, i) => promTarget(query, i, "instant")),
    fieldConfig: { defaults: defaults(asked), overrides: [] },
    options: {
      colorMode: asked.steps === undefined ? "none" : "background",
      graphMode: "none",
      justifyMode: "center",
      textMode: asked.queries.length > 1 ? "value_and_name" : "value",
      wideLayout: true,
      reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false }
    }
  })

interface Drawn extends Measured {
  readonly stacked?: boolean
  readonly bars?: boolean
}

/** How something went over time. Thresholds are lines. */
export const timeseries = (asked: Drawn): Panel =>
  panel("timeseries", asked, 12, 8, {
    datasource: SOURCES.prometheus,
    targets: asked.queries.map((query, i) => promTarget(query, i, "range")),
    fieldConfig: {
      defaults: {
        ...defaults(asked, {
          drawStyle: asked.bars === true ? "bars" : "line",
          fillOpacity: asked.stacked === true || asked.bars === true ? 60 : 10,
          lineWidth: asked.stacked === true ? 0 : 2,
          showPoints: "never",
          spanNulls: 60_000,
          axisSoftMin: 0,
          stacking: { mode: asked.stacked === true ? "normal" : "none", group: "A" },
          thresholdsStyle: { mode: asked.steps === undefined ? "off" : "dashed" }
        }),
        color: { mode: "palette-classic" }
      },
      overrides: []
    },
    options: {
      legend: { displayMode: "table", placement: "bottom", calcs: ["lastNotNull", "max"], showLegend: true },
      tooltip: { mode: "multi", sort: "desc" }
    }
  })

/** A bar each for a few things of now, the greatest first. */
export const barGauge = (asked: Measured): Panel =>
  panel("bargauge", asked, 8, 8, {
    datasource: SOURCES.prometheus,
    targets: asked.queries.map((query, i) => promTarget(query, i, "instant")),
    fieldConfig: { defaults: defaults(asked), overrides: [] },
    options: {
      displayMode: "basic",
      orientation: "horizontal",
      valueMode: "color",
      reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false }
    }
  })

/** How measurements spread over the buckets of a histogram. */
export const heatmap = (asked: Measured): Panel =>
  panel("heatmap", asked, 12, 8, {
    datasource: SOURCES.prometheus,
    targets: asked.queries.map((query, i) => ({ ...promTarget(query, i, "range"), format: "heatmap" })),
    fieldConfig: { defaults: { unit: asked.unit, noValue: asked.noValue, custom: {} }, overrides: [] },
    options: { calculate: false, yAxis: { unit: asked.unit }, color: { mode: "scheme", scheme: "Turbo" }, cellGap: 1 }
  })

interface Searched extends Face {
  readonly query: string
  readonly noValue: string
}

/** Log lines; `oldestFirst` reads like a story. */
export const logs = (asked: Searched & { readonly oldestFirst?: boolean }): Panel =>
  panel("logs", asked, 24, 10, {
    datasource: SOURCES.loki,
    targets: [logTarget(asked.query, 0, "range")],
    fieldConfig: { defaults: { unit: "string", noValue: asked.noValue }, overrides: [] },
    options: {
      showTime: true,
      wrapLogMessage: true,
      enableLogDetails: true,
      sortOrder: asked.oldestFirst === true ? "Ascending" : "Descending",
      dedupStrategy: "none"
    }
  })

/** A number that is counted in the logs. */
export const logStat = (asked: Asked & Face): Panel =>
  panel("stat", asked, 4, 4, {
    datasource: SOURCES.loki,
    targets: [logTarget(asked.query, 0, "instant")],
    fieldConfig: {
      defaults: {
        unit: "short",
        noValue: asked.noValue,
        color: { mode: "thresholds" },
        thresholds: thresholdsJson(asked.steps)
      },
      overrides: []
    },
    options: {
      colorMode: asked.steps === undefined ? "none" : "background",
      graphMode: "none",
      justifyMode: "center",
      reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false }
    }
  })

/** Traces, newest first, each a click away. */
export const traces = (asked: Searched & { readonly spans?: boolean }): Panel =>
  panel("table", asked, 24, 8, {
    datasource: SOURCES.tempo,
    targets: [traceTarget(asked.query, asked.spans === true ? "spans" : "traces")],
    fieldConfig: { defaults: { unit: "none", noValue: asked.noValue }, overrides: [] },
    options: { showHeader: true, cellHeight: "sm" }
  })

/** The alerts that fire or are about to. */
export const alertList = (face: Face): Panel =>
  panel("alertlist", face, 8, 8, {
    fieldConfig: { defaults: { unit: "none", noValue: "Nothing fires." }, overrides: [] },
    options: {
      viewMode: "list",
      groupMode: "default",
      groupBy: [],
      maxItems: 20,
      sortOrder: 3,
      dashboardAlerts: false,
      alertName: "",
      alertInstanceLabelFilter: "",
      datasource: "Prometheus",
      stateFilter: { firing: true, pending: true, noData: false, normal: false, error: true }
    }
  })

/** A few words on what to do. */
export const text = (face: Face & { readonly markdown: string }): Panel =>
  panel("text", face, 8, 8, {
    fieldConfig: { defaults: { unit: "none", noValue: "" }, overrides: [] },
    options: { mode: "markdown", content: face.markdown }
  })
