import type { OrderId } from "@surety/domain/ids"
import { logEvent } from "@surety/platform/telemetry/event-logs"
import { count } from "@surety/platform/telemetry/metrics"
import { expand, inTraceOf } from "@surety/platform/telemetry/trace-context"
import { type RetryPolicy, waitAfter } from "@surety/saga/retry"
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { type FindingRow, FindingsStore } from "./findings-store.ts"
import { makeCollectFacts, type OrderFacts } from "./reconcile-facts.ts"
import { makeRepair, type Repaired } from "./reconcile-repair.ts"
import { isAboutMoney, seenIn, type Strays, type Verdict, verdictsOn } from "./reconcile-verdict.ts"

export interface TreatSettings {
  readonly grace_millis: number
  readonly every_millis: number
  /** The unit of patience: 1 s in production, less where time is compressed. */
  readonly retry_unit_millis: number
  readonly strays: Strays
}

/** Findings treated in one look, and so many of them at once. */
const TREATED_MAX = 256
const SIDE_BY_SIDE = 8
/** Longer than an attempt can take. */
const ATTEMPT_MILLIS = 60_000

/** About an hour: then a person looks. */
const patience = (unit: number): RetryPolicy => ({
  waits_millis: [unit, 4 * unit, 16 * unit, 64 * unit],
  then_every_millis: 300 * unit,
  attempts_max: 16
})

/** Looks again at what was found, repairs what has one right answer, and leaves the rest to a person. */
export const makeTreatFindings = Effect.fnUntraced(function*(auditor: SqlClient.SqlClient, settings: TreatSettings) {
  const store = yield* FindingsStore
  const repair = yield* makeRepair
  const collect = yield* makeCollectFacts(auditor, settings.grace_millis)
  const policy = patience(settings.retry_unit_millis)

  const verdictOf = (finding: FindingRow, facts: OrderFacts): Verdict | undefined =>
    verdictsOn(facts, settings.strays).find(({ kind, provider_id }) =>
      kind === finding.kind && provider_id === (finding.provider_id ?? "")
    )

  const tell = (
    event: "found" | "repaired" | "parked" | "vanished",
    { kind, order_id, remedy }: FindingRow,
    facts: OrderFacts,
    reason?: string
  ) =>
    logEvent(
      `reconciliation.${event}`,
      { "saga.order.id": order_id, "reconciliation.kind": kind, remedy: remedy ?? "none", reason },
      event === "parked" ? "Error" : event === "found" ? "Warn" : "Info"
    ).pipe(inTraceOf(expand(facts.trace_context)))

  const park = Effect.fnUntraced(function*(finding: FindingRow, facts: OrderFacts, reason: string | null) {
    const change = { state: "PARKED", last_error: reason, wait_millis: policy.then_every_millis } as const
    const parked = yield* store.change(finding, change)
    if (parked !== undefined) yield* tell("parked", parked, facts, reason ?? undefined)
  })

  /** It is no more there: by our doing, if we did anything. */
  const gone = Effect.fnUntraced(function*(finding: FindingRow, facts: OrderFacts) {
    if (finding.state === "SUSPECTED") return yield* store.forget([finding.id])
    const isOurs = finding.state === "OPEN" && finding.attempts > 0
    const ended = yield* store.change(finding, { state: isOurs ? "REPAIRED" : "VANISHED" })
    if (ended === undefined) return
    yield* tell(isOurs ? "repaired" : "vanished", ended, facts)
    if (isOurs) {
      yield* count("reconciliation.repairs", { "reconciliation.kind": ended.kind, "reconciliation.result": "done" })
    }
  })

  const factsOf = (finding: FindingRow) =>
    Effect.map(
      collect(new Map([[finding.order_id, new Set(finding.provider_id === null ? [] : [finding.provider_id])]])),
      ([facts]) => facts!
    )

  const isDecided = (finding: FindingRow, { at_provider, rests }: OrderFacts) =>
    rests && (at_provider !== undefined || !isAboutMoney({ ...finding, provider_id: finding.provider_id ?? "" }))

  /** An attempt that did not help, or of which nothing is known, leaves the finding open until its budget is spent. */
  const concluded = Effect.fnUntraced(function*(finding: FindingRow, repaired: Repaired) {
    const facts = yield* factsOf(finding)
    const isDone = repaired._tag === "Done"
    if (isDone && !isDecided(finding, facts)) {
      return yield* store.change(finding, { state: "OPEN", wait_millis: settings.grace_millis })
    }
    if (isDecided(finding, facts) && verdictOf(finding, facts) === undefined) return yield* gone(finding, facts)
    const result = repaired._tag === "Refused" ? "refused" : "unknown"
    yield* count("reconciliation.repairs", { "reconciliation.kind": finding.kind, "reconciliation.result": result })
    if (repaired._tag === "Refused") return yield* park(finding, facts, repaired.reason)
    const detail = isDone ? "done, and seen to be as before" : repaired.detail
    const wait = waitAfter(policy, finding.attempts)
    if (wait === undefined) return yield* park(finding, facts, `no repair in ${finding.attempts} attempts: ${detail}`)
    yield* store.change(finding, { state: "OPEN", last_error: detail, wait_millis: wait })
  })

  /** Whoever writes the attempt down makes it; nobody else does the same meanwhile. */
  const attempt = Effect.fnUntraced(function*(finding: FindingRow, verdict: Verdict, facts: OrderFacts) {
    const { remedy } = verdict
    if (remedy === null) return yield* park(finding, facts, null)
    const attempted = yield* store.change(finding, {
      state: "OPEN",
      remedy,
      seen: seenIn(facts, verdict),
      attempts: finding.attempts + 1,
      // Should we die meanwhile, the next one makes the next attempt then.
      wait_millis: ATTEMPT_MILLIS
    })
    if (attempted === undefined) return
    if (finding.state === "SUSPECTED") yield* tell("found", attempted, facts)
    const { order_id } = attempted
    const traceparent = expand(facts.trace_context)
    yield* concluded(attempted, yield* repair({ remedy, order_id, provider_id: verdict.provider_id, traceparent }))
  })

  const treat = Effect.fnUntraced(function*(finding: FindingRow, facts: OrderFacts) {
    const wait_millis = finding.state === "PARKED" ? policy.then_every_millis : settings.every_millis
    if (!isDecided(finding, facts)) return yield* store.change(finding, { state: finding.state, wait_millis })
    const verdict = verdictOf(finding, facts)
    if (verdict === undefined) return yield* gone(finding, facts)
    if (finding.state === "PARKED") {
      return yield* store.change(finding, { state: "PARKED", seen: seenIn(facts, verdict), wait_millis })
    }
    yield* attempt(finding, verdict, facts)
  })

  /** Treats what is due, by facts read just now; `stillOurs` is asked before each. */
  return Effect.fnUntraced(function*<E, R>(stillOurs: Effect.Effect<unknown, E, R>) {
    const due = yield* store.due(TREATED_MAX)
    const asked = new Map<OrderId, Set<string>>()
    for (const { order_id, provider_id } of due) {
      const ids = asked.get(order_id) ?? new Set()
      if (provider_id !== null) ids.add(provider_id)
      asked.set(order_id, ids)
    }
    const facts = new Map((yield* collect(asked)).map((one) => [one.id, one]))
    yield* Effect.forEach(
      due,
      (finding) => Effect.andThen(stillOurs, treat(finding, facts.get(finding.order_id)!)),
      { concurrency: SIDE_BY_SIDE, discard: true }
    )
  })
})
