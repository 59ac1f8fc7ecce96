import { attributes, logEvents, services } from "@surety/platform/telemetry/catalogue"
import { type MetricEntry, type MetricName, metrics, prometheusName } from "@surety/platform/telemetry/metric-catalogue"
import { recordings } from "./burn-alerts.ts"
import { all, filledIn, first, type Language, parse, type Part, unquoted } from "./syntax.ts"

/** Every query parsed, and every name in it held against the catalogue: nobody draws or alerts on what nobody emits. */

type Labels = MetricEntry["labels"]

const underscored = (labels: Labels): Labels =>
  Object.fromEntries(Object.entries(labels).map(([name, values]) => [name.replaceAll(".", "_"), values]))

/** Of the resource; Prometheus has them on every series. */
const resource: Labels = {
  service_name: services,
  service_namespace: ["surety"],
  service_instance_id: "open",
  job: "open"
}

const known = new Map<string, Labels>([
  ...Object.entries<MetricEntry>(metrics).flatMap(([name, { kind, labels }]): ReadonlyArray<[string, Labels]> => {
    const metric = prometheusName(name as MetricName)
    const own = { ...underscored(labels), ...resource }
    return kind === "histogram"
      ? [[`${metric}_bucket`, { ...own, le: "open" }], [`${metric}_sum`, own], [`${metric}_count`, own]]
      : [[metric, own]]
  }),
  ...recordings.map(({ record }): [string, Labels] => [record, {}]),
  ["ALERTS", { alertname: "open", alertstate: ["pending", "firing"], severity: ["page", "ticket"] }]
])

const REGEX = /[.+*?()[\]\\]/

/** Complaints about a matcher: a label that the metric has not, a value outside of its closed set. */
const checkMatcher = (labels: Labels, name: string, value: string): ReadonlyArray<string> => {
  const values = labels[name]
  if (values === undefined) return [`no label ${name}`]
  if (values === "open" || REGEX.test(value) || value === "anything") return []
  return value.split("|").filter((word) => word !== "" && !values.includes(word)).map((word) =>
    `${name} is never ${word}`
  )
}

const checkSelector = (selector: Part): ReadonlyArray<string> => {
  const metric = first(selector, "Identifier")
  const matchers = all(selector, "UnquotedLabelMatcher").map((matcher) => ({
    name: first(matcher, "LabelName") ?? "",
    op: first(matcher, "MatchOp") ?? "",
    value: unquoted(first(matcher, "StringLiteral") ?? "")
  }))
  if (metric === undefined) {
    // Without a name: the collector's own counters, or everything that is ours.
    const named = matchers.find(({ name, op }) => name === "__name__" && !op.startsWith("!"))
    if (named !== undefined) return named.value.startsWith("otelcol_") ? [] : [`no metric ${named.value}`]
    return matchers.flatMap(({ name, value }) => name === "__name__" ? [] : checkMatcher(resource, name, value))
  }
  const labels = known.get(metric)
  if (labels === undefined) return [`no metric ${metric}`]
  return matchers.flatMap(({ name, value }) => checkMatcher(labels, name, value).map((what) => `${metric}: ${what}`))
}

const checkMetrics = (query: Part): ReadonlyArray<string> => {
  const selectors = all(query, "VectorSelector")
  const labels = new Set([
    ...Object.keys(resource),
    ...selectors.flatMap((selector) => Object.keys(known.get(first(selector, "Identifier") ?? "") ?? {}))
  ])
  const grouped = all(query, "GroupingLabels").flatMap((grouping) => all(grouping, "LabelName"))
  return [
    ...selectors.flatMap(checkSelector),
    ...grouped.flatMap(({ text }) => labels.has(text) ? [] : [`grouped by ${text}, which no metric here has`])
  ]
}

/** Attributes of spans and logs; those that are labels of metrics are attributes of the spans that are measured. */
const spanAttributes: ReadonlySet<string> = new Set([
  ...Object.values(attributes),
  ...Object.values<MetricEntry>(metrics).flatMap(({ labels }) => Object.keys(labels)),
  "service.name"
])
const logFields: ReadonlySet<string> = new Set([
  ...[...spanAttributes].map((name) => name.replaceAll(".", "_")),
  "trace_id",
  "span_id",
  "detected_level"
])

const checkLogs = (query: Part): ReadonlyArray<string> => {
  const fields = [...all(query, "Matcher"), ...all(query, "Labels")].flatMap((part) => all(part, "Identifier"))
  const words = all(query, "LineFilter").flatMap((filter) => unquoted(first(filter, "String") ?? "").split("|"))
  return [
    ...fields.flatMap(({ text }) => logFields.has(text) ? [] : [`no attribute ${text}`]),
    ...words.flatMap((word) => logEvents.some((event) => event === word) ? [] : [`no event ${word}`])
  ]
}

const checkTraces = (query: Part): ReadonlyArray<string> =>
  all(query, "AttributeField").flatMap(({ text }) => {
    const name = text.replace(/^(span|resource|event|link)?\./, "")
    return spanAttributes.has(name) ? [] : [`no attribute ${name}`]
  })

const checks = { promql: checkMetrics, logql: checkLogs, traceql: checkTraces } as const

/** What is wrong with a query, as it stands in a dashboard, a rule or a page; nothing when all is well. */
export const complaintsAbout = (language: Language, query: string): ReadonlyArray<string> => {
  const parsed = parse(language, filledIn(query))
  const errors = all(parsed, "error").map(({ text }) => `does not parse at "${text}"`)
  return errors.length > 0 ? errors : checks[language](parsed)
}
