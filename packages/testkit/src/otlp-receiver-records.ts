/** What OTLP's JSON says, as simple records. Times are nanoseconds since 1970; ids are hexadecimal. */
export interface ReceivedSpan {
  readonly service: string
  readonly instance: string
  readonly trace_id: string
  readonly span_id: string
  readonly parent_id: string | undefined
  readonly name: string
  readonly kind: "internal" | "server" | "client" | "producer" | "consumer"
  readonly start: bigint
  readonly end: bigint
  readonly status: "UNSET" | "OK" | "ERROR"
  readonly attributes: Attributes
  readonly links: ReadonlyArray<{ readonly trace_id: string; readonly span_id: string }>
  readonly events: number
}

export interface ReceivedLog {
  readonly service: string
  readonly event: string | undefined
  readonly body: unknown
  readonly severity: string
  readonly trace_id: string | undefined
  readonly span_id: string | undefined
  readonly attributes: Attributes
}

/** One series as it was exported last; of a histogram `value` is how many values it has. */
export interface ReceivedSeries {
  readonly service: string
  readonly name: string
  readonly unit: string
  readonly kind: "counter" | "gauge" | "histogram"
  readonly labels: Readonly<Record<string, unknown>>
  readonly value: number
  readonly sum: number | undefined
  readonly boundaries: ReadonlyArray<number>
}

type Attributes = Readonly<Record<string, unknown>>

const kinds = ["internal", "internal", "server", "client", "producer", "consumer"] as const
const statuses = ["UNSET", "OK", "ERROR"] as const

const valueOf = (value: any): unknown => {
  if (value === undefined) return undefined
  if ("intValue" in value) return Number(value.intValue)
  if ("arrayValue" in value) return (value.arrayValue.values ?? []).map(valueOf)
  if ("kvlistValue" in value) return attributesOf(value.kvlistValue.values)
  return value.stringValue ?? value.doubleValue ?? value.boolValue
}

const attributesOf = (pairs: ReadonlyArray<any> = []): Attributes =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, valueOf(value)]))

const orNone = (id: string | undefined) => id === undefined || id === "" ? undefined : id

/** Every record below the resources of a request, with the attributes of its resource. */
const below = (resources: ReadonlyArray<any> = [], scopes: string, records: string): Array<[any, Attributes]> =>
  resources.flatMap(({ resource, [scopes]: all = [] }) => {
    const about = attributesOf(resource?.attributes)
    return all.flatMap((scope: any) => (scope[records] ?? []).map((record: any) => [record, about]))
  })

export const spansIn = (body: any): ReadonlyArray<ReceivedSpan> =>
  below(body.resourceSpans, "scopeSpans", "spans").map(([span, about]) => ({
    service: String(about["service.name"]),
    instance: String(about["service.instance.id"]),
    trace_id: span.traceId,
    span_id: span.spanId,
    parent_id: orNone(span.parentSpanId),
    name: span.name,
    kind: kinds[span.kind as number] ?? "internal",
    start: BigInt(span.startTimeUnixNano),
    end: BigInt(span.endTimeUnixNano),
    status: statuses[(span.status?.code ?? 0) as number] ?? "UNSET",
    attributes: attributesOf(span.attributes),
    links: (span.links ?? []).map((link: any) => ({ trace_id: link.traceId, span_id: link.spanId })),
    events: (span.events ?? []).length
  }))

export const logsIn = (body: any): ReadonlyArray<ReceivedLog> =>
  below(body.resourceLogs, "scopeLogs", "logRecords").map(([log, about]) => ({
    service: String(about["service.name"]),
    event: orNone(log.eventName),
    body: valueOf(log.body),
    severity: log.severityText,
    trace_id: orNone(log.traceId),
    span_id: orNone(log.spanId),
    attributes: attributesOf(log.attributes)
  }))

export const seriesIn = (body: any): ReadonlyArray<ReceivedSeries> =>
  below(body.resourceMetrics, "scopeMetrics", "metrics").flatMap(([metric, about]) => {
    const { gauge, histogram, sum } = metric
    return (sum ?? gauge ?? histogram).dataPoints.map((point: any): ReceivedSeries => ({
      service: String(about["service.name"]),
      name: metric.name,
      unit: metric.unit,
      kind: sum !== undefined ? "counter" : gauge !== undefined ? "gauge" : "histogram",
      labels: attributesOf(point.attributes),
      value: Number(point.count ?? point.asDouble ?? point.asInt),
      sum: point.sum,
      boundaries: point.explicitBounds ?? []
    }))
  })
