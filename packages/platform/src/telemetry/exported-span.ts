import type { Attributes, SpanContext } from "@opentelemetry/api"
import type { Resource } from "@opentelemetry/resources"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import { type Context, Exit, type Option, type Tracer } from "effect"
import { attributes as names } from "./catalogue.ts"
import { EndedSpan } from "./ended-span.ts"
import { errorTypeOfCause } from "./error-type.ts"
import { maskValue } from "./mask.ts"
import { routeTemplate, urlTemplate } from "./span-names.ts"
import { statementSummary } from "./statement-summary.ts"

/** Each says too much (addresses, query strings, whole statements), or what is wrong or said elsewhere. */
const unsaid = new Set([
  "url.full",
  "url.query",
  "url.scheme",
  "user_agent.original",
  "client.address",
  "db.namespace",
  "effect.sql.method"
])

/** Where spans go when they have ended, and whose they are. */
export interface SpanSink {
  readonly resource: Resource
  readonly ended: (span: ExportedSpan, seconds: number) => void
  readonly exported: (span: ReadableSpan) => void
}

/**
 * A span that is measured when it ends, and exported if it has ids. It is its own repair: what may not leave is not taken
 * in, names and `error.type` are settled at the end, success leaves the status UNSET, and there are no events, so that
 * neither stacks nor logs are on spans.
 */
export class ExportedSpan implements Tracer.Span {
  readonly _tag = "Span"
  readonly sampled: boolean
  readonly name: string
  readonly kind: Tracer.SpanKind
  readonly parent: Option.Option<Tracer.AnySpan>
  readonly annotations: Context.Context<never>
  readonly links: Array<Tracer.SpanLink>
  readonly spanId: string
  readonly traceId: string
  readonly values: Record<string, Exclude<Attributes[string], undefined>> = {}
  status: Tracer.SpanStatus
  private readonly sink: SpanSink
  private readonly parentContext: SpanContext | undefined

  constructor(
    options: Parameters<Tracer.Tracer["span"]>[0],
    ids: { readonly traceId: string; readonly spanId: string; readonly sampled: boolean },
    parent: SpanContext | undefined,
    sink: SpanSink
  ) {
    this.name = options.name
    this.kind = options.kind
    this.parent = options.parent
    this.annotations = options.annotations
    this.links = options.links
    this.traceId = ids.traceId
    this.spanId = ids.spanId
    this.sampled = ids.sampled
    this.status = { _tag: "Started", startTime: options.startTime }
    this.parentContext = parent
    this.sink = sink
  }

  get attributes(): ReadonlyMap<string, unknown> {
    return new Map(Object.entries(this.values))
  }

  attribute(key: string, value: unknown): void {
    if (this.status._tag === "Ended" || unsaid.has(key)) return
    switch (key) {
      case "db.query.text":
        this.values["db.query.summary"] = statementSummary(String(value))
        return
      case "http.route":
        this.values[key] = routeTemplate(String(value))
        return
      case "url.path":
        // A path that leads nowhere may say anything; the route is known before it.
        if (this.kind === "client") this.values["url.template"] = urlTemplate(String(value))
        else if ("http.route" in this.values) this.put(key, value)
        return
      case "server.address":
      case "server.port":
        // A driver that was told a URL reports its own defaults, and a server what its caller calls it.
        if ("url.template" in this.values) this.put(key, value)
        return
      default:
        this.put(key, value)
    }
  }

  private put(key: string, value: unknown): void {
    const masked = maskValue(value)
    if (masked !== undefined) this.values[key] = typeof masked === "object" ? [...masked] : masked
  }

  event(): void {}

  addLinks(links: ReadonlyArray<Tracer.SpanLink>): void {
    if (this.status._tag !== "Ended") this.links.push(...links)
  }

  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    if (this.status._tag === "Ended") return
    const { startTime } = this.status
    this.settle(exit)
    this.status = { _tag: "Ended", startTime, endTime, exit }
    this.sink.ended(this, Number(endTime - startTime) / 1e9)
    if (this.sampled) this.sink.exported(new EndedSpan(this, this.parentContext, endTime, this.sink.resource))
  }

  /** A server's 5xx and any other span's failure; a request that its caller gave up is not the server's failure. */
  private settle(exit: Exit.Exit<unknown, unknown>): void {
    const { values } = this
    if (Exit.isSuccess(exit) || values[names.error_type] !== undefined) return
    const status = values["http.response.status_code"]
    if (this.kind !== "server") {
      values[names.error_type] = typeof status === "number" && status >= 400
        ? String(status)
        : errorTypeOfCause(exit.cause)
    } else if (typeof status === "number" && status >= 500) values[names.error_type] = String(status)
  }
}
