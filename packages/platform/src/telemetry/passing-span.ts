import { type Context, type Exit, Option, type Tracer } from "effect"

const NO_TRACE = "0".repeat(32)
const NO_SPAN = "0".repeat(16)

/** Says about itself what is true of a connection, not of what happens on it. */
const TALKATIVE = "sql.transaction"

/** Stands in for a span that nobody will see: what is said to it is said to the span around it, whose ids it has. */
export class PassingSpan implements Tracer.Span {
  readonly _tag = "Span"
  readonly name: string
  readonly kind: Tracer.SpanKind
  readonly parent: Option.Option<Tracer.AnySpan>
  readonly annotations: Context.Context<never>
  readonly links: ReadonlyArray<Tracer.SpanLink>
  /** The exported span around it, if there is one. */
  readonly carrier: Tracer.AnySpan | undefined
  status: Tracer.SpanStatus

  constructor(options: Parameters<Tracer.Tracer["span"]>[0], carrier: Tracer.AnySpan | undefined) {
    this.name = options.name
    this.kind = options.kind
    this.parent = Option.fromUndefinedOr(carrier)
    this.annotations = options.annotations
    this.links = options.links
    this.carrier = carrier
    this.status = { _tag: "Started", startTime: options.startTime }
  }

  get spanId(): string {
    return this.carrier?.spanId ?? NO_SPAN
  }

  get traceId(): string {
    return this.carrier?.traceId ?? NO_TRACE
  }

  get sampled(): boolean {
    return this.carrier !== undefined
  }

  get attributes(): ReadonlyMap<string, unknown> {
    return this.carrier?._tag === "Span" ? this.carrier.attributes : new Map()
  }

  attribute(key: string, value: unknown): void {
    if (this.carrier?._tag === "Span" && this.name !== TALKATIVE) this.carrier.attribute(key, value)
  }

  event(): void {}

  addLinks(links: ReadonlyArray<Tracer.SpanLink>): void {
    if (this.carrier?._tag === "Span") this.carrier.addLinks(links)
  }

  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    this.status = { _tag: "Ended", startTime: this.status.startTime, endTime, exit }
  }
}
