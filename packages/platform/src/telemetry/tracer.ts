import type { SpanContext } from "@opentelemetry/api"
import { Context, Option, Tracer } from "effect"
import { randomFillSync } from "node:crypto"
import { ExportedSpan, type SpanSink } from "./exported-span.ts"
import { PassingSpan } from "./passing-span.ts"

/** Marks an internal span as one that deserves to be exported; set by `trace-context`. */
export const Named = Context.Reference<boolean>("surety/telemetry/Named", { defaultValue: () => false })

const pool = Buffer.alloc(8192)
let drawn = pool.length

/** Random hexadecimal digits; drawn in bulk, as asking for eight bytes at a time costs ten times as much. */
const randomHex = (bytes: number): string => {
  if (drawn + bytes > pool.length) {
    randomFillSync(pool)
    drawn = 0
  }
  const hex = pool.toString("hex", drawn, drawn + bytes)
  drawn += bytes
  return hex
}

const isZero = (id: string): boolean => /^0*$/.test(id)

/**
 * The span that others can be children of: one of ours that is exported, or one from outside. Spans of another tracer
 * (of the program that started the service in its own process) are not: nobody would ever see them.
 */
export const exportedSpanOf = (span: Tracer.AnySpan | undefined): Tracer.AnySpan | undefined => {
  if (span instanceof PassingSpan) return span.carrier
  if (span instanceof ExportedSpan) return span.sampled ? span : undefined
  return span?._tag === "ExternalSpan" && !isZero(span.traceId) && !isZero(span.spanId) ? span : undefined
}

/**
 * Effect's tracer, with an eye on the cost: 96 traces of one span in 5 s of idle polling, and a span for every inner
 * function, tell nobody anything. Exported are
 *
 * - server, producer and consumer spans, whatever a caller's sampling flag says: an order is never hidden;
 * - client spans (statements, calls) of something that is traced; others are only measured;
 * - internal spans made by `trace-context`. Those of `Effect.fn` and of transactions pass on what is said to them.
 */
export const makeTracer = (sink: SpanSink): Tracer.Tracer =>
  Tracer.make({
    span(options) {
      const parent = options.root ? undefined : exportedSpanOf(Option.getOrUndefined(options.parent))
      if (options.kind === "internal" && !Context.get(options.annotations, Named)) {
        return new PassingSpan(options, parent)
      }
      if (options.kind === "client" && parent === undefined) return new ExportedSpan(options, nobody, undefined, sink)
      const ids = { traceId: parent?.traceId ?? randomHex(16), spanId: randomHex(8), sampled: true }
      return new ExportedSpan(options, ids, parent && contextOf(parent), sink)
    }
  })

const nobody = { traceId: "0".repeat(32), spanId: "0".repeat(16), sampled: false }

const contextOf = ({ _tag, spanId, traceId }: Tracer.AnySpan): SpanContext => ({
  traceId,
  spanId,
  traceFlags: 1,
  isRemote: _tag === "ExternalSpan"
})
