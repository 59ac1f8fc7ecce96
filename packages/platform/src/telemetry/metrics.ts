import { Effect, Metric } from "effect"
import { type MetricEntry, type MetricName, metrics } from "./metric-catalogue.ts"

/**
 * For services: what is counted, by the names and labels of the catalogue, which the compiler knows.
 *
 *     yield* count("saga.orders.completed", { "saga.outcome": "failed", "saga.failure.reason": "out_of_stock" })
 *     yield* count("saga.orders.accepted")
 *     yield* observe("saga.queue.wait", seconds)
 *     yield* setGauges("saga.ledger.orders", { AUTHORIZED: 3 })   // the other statuses are 0
 *
 * Each service has a registry of its own, also where several share a process. Without telemetry they go nowhere.
 */
type Catalogue = typeof metrics
type NameOf<Kind extends MetricEntry["kind"]> = {
  [Name in MetricName]: Catalogue[Name]["kind"] extends Kind ? Name : never
}[MetricName]

type Labels<Name extends MetricName> = Catalogue[Name]["labels"]
/** Closed labels must be given, open ones (a status, an error) are left out where there is none. */
export type LabelsOf<Name extends MetricName> =
  & { readonly [Key in keyof Labels<Name> as Labels<Name>[Key] extends "open" ? never : Key]: Value<Labels<Name>[Key]> }
  & { readonly [Key in keyof Labels<Name> as Labels<Name>[Key] extends "open" ? Key : never]?: string | undefined }
type Value<Set> = Set extends ReadonlyArray<infer Word extends string> ? Word : never
/** The labels and what may stand behind them; a metric without labels needs none. */
type Given<Name extends MetricName, Rest extends ReadonlyArray<unknown> = []> = keyof Labels<Name> extends never
  ? [labels?: {}, ...rest: Rest]
  : [labels: LabelsOf<Name>, ...rest: Rest]

type AnyLabels = Readonly<Record<string, string | undefined>>
/** For all services of a process; each may have 400. What comes later, as labels went wrong somewhere, is not told apart. */
const SERIES_MAX = 2000
const series = new Map<string, Metric.Metric<number, unknown>>()

const make = (name: MetricName, given: AnyLabels): Metric.Metric<number, unknown> => {
  const { boundaries, description, kind }: MetricEntry = metrics[name]
  const attributes = Object.fromEntries(
    Object.entries(given).flatMap(([key, value]) => value === undefined ? [] : [[key, value] as const])
  )
  if (kind === "counter") return Metric.counter(name, { description, attributes, incremental: true })
  if (kind === "gauge") return Metric.gauge(name, { description, attributes })
  return Metric.histogram(name, { description, attributes, boundaries: boundaries ?? [] })
}

/** One series of a metric, by its labels. Looked up on every count, so found without any building of keys by Effect. */
export const seriesOf = (name: MetricName, labels: AnyLabels = {}): Metric.Metric<number, unknown> => {
  let key: string = name
  for (const label in metrics[name].labels) key += `|${labels[label] ?? ""}`
  let found = series.get(key)
  if (found === undefined) {
    if (series.size >= SERIES_MAX) return make(name, {})
    series.set(key, found = make(name, labels))
  }
  return found
}

const update = (name: MetricName, value: number, labels?: AnyLabels) =>
  Effect.withFiber<void>((fiber) => {
    seriesOf(name, labels).updateUnsafe(value, fiber.context)
    return Effect.void
  })

/** Adds `times`, by default 1. */
export const count = <Name extends NameOf<"counter">>(
  name: Name,
  ...[labels, times = 1]: Given<Name, [times?: number]>
): Effect.Effect<void> => update(name, times, labels)

/** Puts one value, in the metric's unit, into its histogram. */
export const observe = <Name extends NameOf<"histogram">>(
  name: Name,
  value: number,
  ...[labels]: Given<Name>
): Effect.Effect<void> => update(name, value, labels)

/** Sets a gauge that has no labels, or one series of it. */
export const setGauge = <Name extends NameOf<"gauge">>(
  name: Name,
  value: number,
  ...[labels]: Given<Name>
): Effect.Effect<void> => update(name, value, labels)

type Words<Name extends MetricName> = Value<Labels<Name>[keyof Labels<Name>]>

/** Sets all series of a gauge with one label at once; those that are not given are 0. */
export const setGauges = <Name extends "saga.ledger.orders" | "saga.ledger.parked" | "correctness.violations">(
  name: Name,
  values: Readonly<Partial<Record<Words<Name>, number>>>
): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    for (const [label, words] of Object.entries(metrics[name].labels)) {
      for (const word of words) {
        seriesOf(name, { [label]: word }).updateUnsafe((values as Record<string, number>)[word] ?? 0, fiber.context)
      }
    }
    return Effect.void
  })
