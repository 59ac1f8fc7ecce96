import { readFileSync } from "node:fs"
import { join } from "node:path"
import { dashboardJson } from "./dashboard.ts"
import { dashboards } from "./generated-files.ts"
import { ruleFile } from "./rules-file.ts"
import type { Language } from "./syntax.ts"

export interface Query {
  /** Where it stands, for a person. */
  readonly at: string
  readonly language: Language
  readonly text: string
}

const languages: Readonly<Record<string, Language>> = { prometheus: "promql", loki: "logql", tempo: "traceql" }

/** Whatever in a dashboard has a data source and a query: panels, annotations, variables. */
const within = (value: unknown, at: string): ReadonlyArray<Query> => {
  if (Array.isArray(value)) return value.flatMap((item) => within(item, at))
  if (typeof value !== "object" || value === null) return []
  const { datasource, expr, query, title, name } = value as Record<string, unknown>
  const language = languages[String((datasource as { readonly type?: unknown } | undefined)?.type)]
  const text = typeof expr === "string" ? expr : typeof query === "string" ? query : undefined
  const here = typeof title === "string" ? `${at} | ${title}` : typeof name === "string" ? `${at} | ${name}` : at
  return [
    ...(language === undefined || text === undefined ? [] : [{ at: here, language, text }]),
    ...Object.values(value).flatMap((inner) => within(inner, here))
  ]
}

/** Queries in the addresses of links to Explore. */
const linked = (json: string, at: string): ReadonlyArray<Query> =>
  [...json.matchAll(/\/explore\?[^"\\)]*panes=([^"\\)]+)/g)].flatMap(([, panes]) =>
    within(JSON.parse(decodeURIComponent(panes!)), `${at} | link`)
  )

/** Fenced blocks of a page that name a query language. */
const written = (path: string): ReadonlyArray<Query> =>
  [...readFileSync(path, "utf8").matchAll(/```(promql|logql|traceql)\n([\s\S]*?)```/g)].map(([, language, text]) => ({
    at: path.split("/").at(-1)!,
    language: language as Language,
    text: text!.trim()
  }))

/** Queries that data sources ask on a click, where Grafana's own variables are escaped for the file. */
const provisioned = (path: string): ReadonlyArray<Query> =>
  [...readFileSync(path, "utf8").matchAll(/query: '(.+)' # (promql|logql|traceql)/g)].map(([, text, language]) => ({
    at: path.split("/").at(-1)!,
    language: language as Language,
    text: text!.replace("$$__tags", "service_name=\"orders\"").replaceAll("$$", "$").replace(
      "${__trace.traceId}",
      "anything"
    )
  }))

/** Every query of dashboards, rules, data sources and pages. */
export const allQueries = (): ReadonlyArray<Query> => [
  ...Object.entries(dashboards).flatMap(([name, dashboard]) => {
    const json = dashboardJson(dashboard)
    return [...within(json, name), ...linked(JSON.stringify(json), name)]
  }),
  ...ruleFile().groups.flatMap(({ rules }) =>
    rules.map((rule) => ({
      at: "alert" in rule ? rule.alert : rule.record,
      language: "promql" as const,
      text: rule.expr
    }))
  ),
  ...provisioned(join(import.meta.dirname, "grafana/provisioning/datasources/surety.yaml")),
  ...written(join(import.meta.dirname, "README.md")),
  ...written(join(import.meta.dirname, "../README.md"))
]
