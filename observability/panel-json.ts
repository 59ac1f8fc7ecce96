/** Grafana's JSON for data sources, queries and thresholds. */
export type Json = { readonly [key: string]: unknown }

/** By the ids that the provisioned data sources have. */
export const SOURCES = {
  prometheus: { type: "prometheus", uid: "prometheus" },
  loki: { type: "loki", uid: "loki" },
  tempo: { type: "tempo", uid: "tempo" }
} as const

export interface MetricQuery {
  readonly expr: string
  /** A name, or labels as `{{saga_step}}`. */
  readonly legend: string
}

/** From where on it is yellow, and red; with `low`, below which. */
export type Steps =
  | { readonly notice?: number; readonly alert: number }
  | { readonly low: { readonly notice?: number; readonly alert: number } }

export interface Asked {
  readonly query: string
  readonly noValue: string
  readonly steps?: Steps
}

const refId = (i: number) => String.fromCodePoint("A".codePointAt(0)! + i)

export const promTarget = ({ expr, legend }: MetricQuery, i: number, kind: "instant" | "range"): Json => ({
  refId: refId(i),
  datasource: SOURCES.prometheus,
  editorMode: "code",
  expr,
  legendFormat: legend,
  instant: kind === "instant",
  range: kind === "range"
})

export const logTarget = (expr: string, i: number, queryType: "instant" | "range"): Json => ({
  refId: refId(i),
  datasource: SOURCES.loki,
  editorMode: "code",
  expr,
  queryType,
  maxLines: 500
})

export const traceTarget = (query: string, tableType: "traces" | "spans"): Json => ({
  refId: "A",
  datasource: SOURCES.tempo,
  queryType: "traceql",
  query,
  limit: 50,
  spss: 10,
  tableType
})

export const thresholdsJson = (steps: Steps | undefined): Json => {
  const at = (color: string, value: number | null | undefined) => value === undefined ? [] : [{ color, value }]
  if (steps === undefined) return { mode: "absolute", steps: at("green", null) }
  return {
    mode: "absolute",
    steps: "low" in steps
      ? [
        ...at("red", null),
        ...(steps.low.notice === undefined
          ? at("green", steps.low.alert)
          : [...at("yellow", steps.low.alert), ...at("green", steps.low.notice)])
      ]
      : [...at("green", null), ...at("yellow", steps.notice), ...at("red", steps.alert)]
  }
}
