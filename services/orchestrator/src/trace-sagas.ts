import type { errorTypes, stepResults, steps } from "@surety/platform/telemetry/catalogue"
import { errorTypeOfCause } from "@surety/platform/telemetry/error-type"
import { logEvent } from "@surety/platform/telemetry/event-logs"
import { count, observe } from "@surety/platform/telemetry/metrics"
import {
  currentTraceparent,
  expand,
  inSpan,
  inTraceOf,
  received,
  spansFor
} from "@surety/platform/telemetry/trace-context"
import type { Change } from "@surety/saga/decide"
import type { Outcome } from "@surety/saga/definition"
import type { Acting, Outcomes, Report, Watch } from "@surety/saga/watch"
import { Clock, Effect, Exit } from "effect"
import type { LedgerRow } from "./ledger-row.ts"
import { tellOfSagas } from "./tell-of-sagas.ts"

type StepName = (typeof steps)[number]
type StepResult = (typeof stepResults)[number]

const resultOf = (outcome: Outcome | undefined): StepResult => {
  switch (outcome?._tag) {
    case "Done":
      return "done"
    case "Refused":
      return "refused"
    case "Stuck":
      return "stuck"
    default:
      return "unknown"
  }
}

/** A refusal is an outcome; only what nobody knows, or nobody can decide, is an error. */
const errorOf = (exit: Exit.Exit<Outcomes, unknown>, outcome: Outcome | undefined): string | undefined => {
  if (Exit.isFailure(exit)) return errorTypeOfCause(exit.cause)
  const result = resultOf(outcome)
  return result === "unknown" || result === "stuck" ? result : undefined
}

const errorWordOf = (exit: Exit.Exit<Outcomes, unknown>): (typeof errorTypes)[number] => {
  if (Exit.isSuccess(exit)) return "none"
  const word = errorTypeOfCause(exit.cause)
  return word === "timeout" || word === "connection" ? word : "unknown"
}

/**
 * The spans and metrics of the saga. A claimed order is a CONSUMER span that continues the trace in which the order was
 * accepted; each attempt at a step is a span beneath it, which the called service continues; the one call for the whole set
 * is a trace of its own, linked both ways.
 */
export const watchSagas = (): Watch<LedgerRow> => {
  /** How the rows under way came out last, for the span that ends when they are let go. */
  const last = new Map<string, Change>()

  const report = (reported: Report<LedgerRow>) =>
    Effect.suspend(() => {
      if (reported._tag === "Recorded") last.set(reported.row.id, reported.change)
      return tellOfSagas(reported)
    })

  const claimed: Watch<LedgerRow>["claimed"] = (rows, work) =>
    Effect.gen(function*() {
      for (const row of rows) {
        yield* observe("saga.queue.wait", Math.max(0, row.wait_millis) / 1000)
        if (!row.recovered) continue
        yield* count("saga.lease.expired")
        yield* logEvent("saga.recovered", { "saga.order.id": row.id, "saga.status": row.status }, "Warn").pipe(
          inTraceOf(expand(row.trace_context))
        )
      }
      yield* spansFor(
        rows,
        (row) => ({
          name: "process order.ledger",
          ...received({
            sent_by: expand(row.trace_context),
            age_millis: row.age_millis,
            attributes: {
              "saga.order.id": row.id,
              "saga.run.attempt": row.fence - 1,
              "saga.queue.wait": row.wait_millis / 1000,
              ...(row.recovered ? { "saga.recovered": true } : {})
            }
          })
        }),
        (traceparents) => work(rows.map((row, i) => ({ ...row, traceparent: traceparents[i] }))),
        (row) => {
          const change = last.get(row.id)
          last.delete(row.id)
          return {
            attributes: {
              "saga.status": change?.status,
              "saga.outcome": change?.ended ? outcomeOf(change) : undefined
            },
            error_type: change !== undefined && change.parked_reason !== null ? "parked" : undefined
          }
        }
      )
    })

  return { report, claimed, acting }
}

const outcomeOf = (change: Change) => change.status === "COMPLETED" ? "completed" : "failed"

const acting = (
  { _tag, step }: Acting<LedgerRow>,
  rows: ReadonlyArray<LedgerRow>,
  act: (rows: ReadonlyArray<LedgerRow>) => Effect.Effect<Outcomes, unknown>
) => {
  const about = {
    "saga.step": step.name as StepName,
    "saga.step.direction": _tag === "Act" ? "forward" : "compensation"
  } as const
  const call = Effect.gen(function*() {
    const set = yield* currentTraceparent
    return yield* spansFor(
      rows,
      (row) => ({
        name: `saga.step ${step.name}`,
        parent: row.traceparent,
        links: [set],
        attributes: {
          "saga.order.id": row.id,
          "saga.step.direction": about["saga.step.direction"],
          "saga.step.attempts": row.attempts + 1
        }
      }),
      (traceparents) => act(rows.map((row, i) => ({ ...row, traceparent: traceparents[i] }))),
      (row, _, exit) => {
        const outcome = Exit.isSuccess(exit) ? exit.value.get(row.id) : undefined
        return { attributes: { "saga.step.result": resultOf(outcome) }, error_type: errorOf(exit, outcome) }
      }
    )
  })
  return Effect.gen(function*() {
    const begun = yield* Clock.currentTimeMillis
    const exit = yield* call.pipe(
      inSpan(`saga.set ${step.name}`, {
        root: true,
        links: rows.map((row) => row.traceparent),
        attributes: { "saga.set.size": rows.length, "saga.step.direction": about["saga.step.direction"] }
      }),
      Effect.exit
    )
    const seconds = ((yield* Clock.currentTimeMillis) - begun) / 1000
    yield* observe("saga.step.duration", seconds, { ...about, "error.type": errorWordOf(exit) })
    yield* observe("saga.set.size", rows.length, about)
    for (const row of rows) {
      const outcome = Exit.isSuccess(exit) ? exit.value.get(row.id) : undefined
      yield* count("saga.step.attempts", { ...about, "saga.step.result": resultOf(outcome) })
    }
    return yield* exit
  })
}
