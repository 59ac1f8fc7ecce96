import { findingKinds, findingStates } from "@surety/platform/telemetry/catalogue"
import { setGauge } from "@surety/platform/telemetry/metrics"
import { Effect, References } from "effect"
import { FindingsStore } from "./findings-store.ts"
import { ReconcileProgress } from "./reconcile-progress.ts"

/**
 * Says what is found and not yet right, by kind and state, and how long ago the books were last compared, whoever did it.
 * Without telemetry it asks nothing of the database.
 */
export const makeTellReconciliation = Effect.gen(function*() {
  const findings = yield* FindingsStore
  const progress = yield* ReconcileProgress
  const isObserved = yield* References.TracerEnabled

  const tell = Effect.gen(function*() {
    if (!isObserved) return
    const { age_seconds } = yield* progress.show
    yield* setGauge("reconciliation.look.age", Math.max(0, age_seconds))
    const counts = new Map((yield* findings.counts).map(({ findings, kind, state }) => [`${kind} ${state}`, findings]))
    for (const kind of findingKinds) {
      for (const state of findingStates) {
        const labels = { "reconciliation.kind": kind, "reconciliation.state": state }
        yield* setGauge("reconciliation.findings", counts.get(`${kind} ${state.toUpperCase()}`) ?? 0, labels)
      }
    }
  })
  return { tell } as const
})
