import { Clock, Context, Effect, Exit, References, Tracer } from "effect"
import { HttpClient } from "effect/http"
import { errorTypeOfCause } from "./error-type.ts"
import { exportedSpanOf, Named } from "./tracer.ts"

/**
 * For services: spans and their contexts, without OpenTelemetry. Server, client and database spans come by themselves
 * (as children of whatever span is current); a service opens only those that tell an order's story:
 *
 *     insert(order).pipe(sendingSpan("send order.ledger", { "saga.order.id": id }))         // PRODUCER
 *     yield* currentTraceparent                                                             // inside: what the row stores
 *     run(row).pipe(inSpan("process order.ledger", received({ sent_by: row.traceparent, age_millis })))   // CONSUMER
 *     step(row).pipe(inSpan("saga.step orders.create", { attributes, links: [set] }))       // INTERNAL
 *
 * For a set: `spansFor` opens a span in each item's own trace, hands out their contexts to be sent along, and closes each
 * with its outcome. Without telemetry all of these run what they are given, and contexts are `undefined`.
 */

/** A W3C `traceparent`: `00-<trace id>-<span id>-<flags>`. */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/

/** What is said of a span; ids, counts and words of closed sets, never what a customer wrote. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | ReadonlyArray<string> | undefined>>

export interface SpanSettings {
  readonly attributes?: SpanAttributes
  /** The `traceparent` of the span around it; without it, or if it is none, the current span. */
  readonly parent?: string | null | undefined
  /** A trace of its own. */
  readonly root?: boolean
  /** `traceparent`s of spans that belong to this one in other ways than as its parent. */
  readonly links?: ReadonlyArray<string | null | undefined>
  readonly kind?: Tracer.SpanKind
}

const traceparentOf = ({ spanId, traceId }: Tracer.AnySpan): string => `00-${traceId}-${spanId}-01`

/** The span that a stored or received `traceparent` names. */
export const spanOf = (traceparent: string | null | undefined): Tracer.ExternalSpan | undefined => {
  const [, traceId, spanId] = TRACEPARENT.exec(traceparent ?? "") ?? []
  if (traceId === undefined || spanId === undefined) return undefined
  const span = Tracer.externalSpan({ traceId, spanId, sampled: true })
  return exportedSpanOf(span) === undefined ? undefined : span
}

const currentExported = Effect.withFiber((fiber) =>
  Effect.succeed(fiber.cache.tracerEnabled ? exportedSpanOf(fiber.cache.span) : undefined)
)

/** The context of the current span, to be stored or sent; none without telemetry. */
export const currentTraceparent: Effect.Effect<string | undefined> = Effect.map(
  currentExported,
  (span) => span && traceparentOf(span)
)

/** A `traceparent` without its punctuation, as it is stored: trace id, span id and flags in hexadecimal. */
export const compact = (traceparent: string): string => traceparent.slice(3).replaceAll("-", "")

/** The `traceparent` that {@link compact} made compact. */
export const expand = (stored: string | null | undefined): string | undefined =>
  stored?.length === 50 ? `00-${stored.slice(0, 32)}-${stored.slice(32, 48)}-${stored.slice(48)}` : undefined

/** The id of the current trace, 32 hexadecimal digits; none without telemetry. */
export const currentTraceId: Effect.Effect<string | undefined> = Effect.map(currentExported, (span) => span?.traceId)

/** The trace id in a `traceparent`. */
export const traceIdIn = (traceparent: string | null | undefined): string | undefined => spanOf(traceparent)?.traceId

const named = Context.make(Named, true)

const spanOptions = (settings: SpanSettings): Tracer.SpanOptionsNoTrace => {
  const parent = spanOf(settings.parent)
  const links = (settings.links ?? []).flatMap((link) => spanOf(link) ?? [])
  return {
    kind: settings.kind ?? "internal",
    annotations: named,
    ...(settings.attributes === undefined ? {} : { attributes: settings.attributes }),
    ...(parent === undefined ? {} : { parent }),
    ...(settings.root === undefined ? {} : { root: settings.root }),
    ...(links.length === 0 ? {} : { links: links.map((span) => ({ span, attributes: {} })) })
  }
}

/** Runs an effect in a span that is exported; a failure makes it ERROR with an `error.type`. */
export const inSpan = (name: string, settings: SpanSettings = {}) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.withSpan(effect, name, { ...spanOptions(settings), captureStackTrace: false })

/** The PRODUCER of work that somebody takes up later; `currentTraceparent` inside it is what goes with the work. */
export const sendingSpan = (name: string, attributes: SpanAttributes = {}) =>
  inSpan(name, { kind: "producer", attributes })

/** After this long work is taken up in a trace of its own, as traces are searched and kept by their time. */
const SAME_TRACE_MILLIS = 15 * 60_000

export interface Received {
  /** The `traceparent` that went with the work. */
  readonly sent_by: string | null | undefined
  /** How long ago it was sent. */
  readonly age_millis: number
  readonly attributes?: SpanAttributes
}

/** The CONSUMER of work: child of the span that sent it and linked with it, or after 15 minutes linked only. */
export const received = ({ age_millis, attributes, sent_by }: Received): SpanSettings => ({
  kind: "consumer",
  ...(attributes === undefined ? {} : { attributes }),
  ...(age_millis > SAME_TRACE_MILLIS || spanOf(sent_by) === undefined ? { root: true } : { parent: sent_by }),
  links: [sent_by]
})

/** Runs an effect as part of the trace that a stored or received `traceparent` names: for logs above all. */
export const inTraceOf = (traceparent: string | null | undefined) => <A, E, R>(effect: Effect.Effect<A, E, R>) => {
  const span = spanOf(traceparent)
  return span === undefined ? effect : Effect.withParentSpan(effect, span, { captureStackTrace: false })
}

/** Says something about the current span. */
export const annotateSpan = (attributes: SpanAttributes): Effect.Effect<void> =>
  Effect.map(currentExported, (span) => {
    if (span?._tag !== "Span") return
    for (const [key, value] of Object.entries(attributes)) span.attribute(key, value)
  })

/** How the span of an item ends. With an `error_type` it is ERROR; a refusal is an outcome and has none. */
export interface SpanEnd {
  readonly attributes?: SpanAttributes
  readonly error_type?: string | undefined
}

const asTheSet = (_item: unknown, _index: number, exit: Exit.Exit<unknown, unknown>): SpanEnd => ({
  error_type: Exit.isFailure(exit) ? errorTypeOfCause(exit.cause) : undefined
})

/**
 * Opens a span for each item of a set (none where `open` answers `undefined`), runs `run` with their `traceparent`s, in the
 * order of the items, and closes each with what `close` says of it. What the set's one call does is a child of the current
 * span and of none of these; link them.
 */
export const spansFor = <Item, A, E, R>(
  items: ReadonlyArray<Item>,
  open: (item: Item, index: number) => (SpanSettings & { readonly name: string }) | undefined,
  run: (traceparents: ReadonlyArray<string | undefined>) => Effect.Effect<A, E, R>,
  close: (item: Item, index: number, exit: Exit.Exit<A, E>) => SpanEnd = asTheSet
): Effect.Effect<A, E, R> =>
  Effect.gen(function*() {
    if (!(yield* References.TracerEnabled)) return yield* run(items.map(() => undefined))
    const clock = yield* Clock.Clock
    const spans = yield* Effect.forEach(items, (item, index) => {
      const opened = open(item, index)
      return opened === undefined ? Effect.undefined : Effect.makeSpan(opened.name, spanOptions(opened))
    })
    const traceparents = spans.map((span) => {
      const exported = exportedSpanOf(span)
      return exported && traceparentOf(exported)
    })
    return yield* Effect.onExit(run(traceparents), (exit) =>
      Effect.sync(() => {
        const now = clock.currentTimeNanosUnsafe()
        for (const [index, span] of spans.entries()) {
          if (span === undefined) continue
          const { attributes = {}, error_type } = close(items[index]!, index, exit)
          for (const [key, value] of Object.entries(attributes)) span.attribute(key, value)
          if (error_type !== undefined) span.attribute("error.type", error_type)
          span.end(now, Exit.void)
        }
      }))
  })

/** The contexts of a set's items as a field of its call, which is left out where there are none. */
export const carrying = (traceparents: ReadonlyArray<string | undefined>) =>
  traceparents.some((traceparent) => traceparent !== undefined)
    ? { traceparents: traceparents.map((traceparent) => traceparent ?? null) }
    : {}

/** Runs an effect without any span beneath it, for what goes round idly: a poll is measured, and tells no story. */
export const withoutTracing = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  effect.pipe(
    Effect.provideService(References.TracerEnabled, false),
    Effect.provideService(HttpClient.TracerDisabledWhen, () => true)
  )
