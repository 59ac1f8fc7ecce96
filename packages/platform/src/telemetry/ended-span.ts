import { type HrTime, type Link, type SpanContext, SpanKind, SpanStatusCode } from "@opentelemetry/api"
import type { Resource } from "@opentelemetry/resources"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import type { Tracer } from "effect"
import type { ExportedSpan } from "./exported-span.ts"
import { maskValue } from "./mask.ts"
import { spanName } from "./span-names.ts"

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER
} as const satisfies Record<Tracer.SpanKind, SpanKind>

const scope = { name: "surety" }
const unset = { code: SpanStatusCode.UNSET }
const error = { code: SpanStatusCode.ERROR }
const nothing: [] = []

/** In doubles, which are right to 256 ns: arithmetic of big integers was a tenth of what a span costs. */
const hrTime = (nanos: bigint): HrTime => {
  const all = Number(nanos)
  const seconds = Math.floor(all / 1e9)
  return [seconds, all - seconds * 1e9]
}

const isLinkable = ({ span }: Tracer.SpanLink): boolean => /^[0-9a-f]{32}$/.test(span.traceId)

const otelLink = ({ attributes, span }: Tracer.SpanLink): Link => ({
  context: { traceId: span.traceId, spanId: span.spanId, traceFlags: 1 },
  attributes: Object.fromEntries(
    Object.entries(attributes).flatMap(([key, value]) => {
      const masked = maskValue(value)
      return masked === undefined ? [] : [[key, typeof masked === "object" ? [...masked] : masked]]
    })
  )
})

/** A span as the exporter wants it. Made once a span, so what is the same for all is on the prototype. */
export class EndedSpan implements ReadableSpan {
  readonly name: string
  readonly kind: SpanKind
  readonly parentSpanContext?: SpanContext
  readonly startTime: HrTime
  readonly endTime: HrTime
  readonly attributes: ReadableSpan["attributes"]
  readonly links: Array<Link>
  readonly resource: Resource
  private readonly context: SpanContext

  constructor(span: ExportedSpan, parent: SpanContext | undefined, endTime: bigint, resource: Resource) {
    this.name = spanName(span)
    this.kind = kinds[span.kind]
    this.context = { traceId: span.traceId, spanId: span.spanId, traceFlags: 1 }
    if (parent !== undefined) this.parentSpanContext = parent
    this.startTime = hrTime(span.status.startTime)
    this.endTime = hrTime(endTime)
    this.attributes = span.values
    this.links = span.links.length === 0 ? nothing : span.links.filter(isLinkable).map(otelLink)
    this.resource = resource
  }

  spanContext(): SpanContext {
    return this.context
  }

  get status() {
    return this.attributes["error.type"] === undefined ? unset : error
  }

  get duration(): HrTime {
    const [startSeconds, startNanos] = this.startTime
    const nanos = (this.endTime[0] - startSeconds) * 1e9 + this.endTime[1] - startNanos
    return [Math.floor(nanos / 1e9), nanos % 1e9]
  }

  get instrumentationScope() {
    return scope
  }

  get events() {
    return nothing
  }

  get ended() {
    return true
  }

  get droppedAttributesCount() {
    return 0
  }

  get droppedEventsCount() {
    return 0
  }

  get droppedLinksCount() {
    return 0
  }
}
