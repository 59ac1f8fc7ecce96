import { FindingNotFound, StateConflict } from "@surety/contracts/problems"
import type { FindingView, ReconciliationView } from "@surety/contracts/reconciliation-api"
import { withoutNulls } from "@surety/platform/rows"
import { Effect } from "effect"
import { type FindingRow, FindingsStore } from "./findings-store.ts"
import { ReconcileProgress } from "./reconcile-progress.ts"

const view = (row: FindingRow): FindingView => withoutNulls(row)

/** What an operator asks of reconciliation: how far it is, what it found; and to close a finding or to look again. */
export const operateFindings = Effect.gen(function*() {
  const store = yield* FindingsStore
  const progress = yield* ReconcileProgress

  const show = Effect.gen(function*() {
    const { age_seconds: _, wait_millis: __, ...row } = yield* progress.show
    const findings = { SUSPECTED: 0, OPEN: 0, PARKED: 0, REPAIRED: 0, VANISHED: 0, CLOSED: 0 }
    for (const { findings: found, state } of yield* store.counts) findings[state] += found
    return { ...withoutNulls(row), findings } satisfies ReconciliationView
  }).pipe(Effect.orDie)

  const page = (filter: Parameters<typeof store.list>[0]) =>
    Effect.map(store.list(filter), (rows) => {
      const last = rows.length === filter.limit ? rows.at(-1) : undefined
      return { findings: rows.map(view), ...(last === undefined ? {} : { next_cursor: last.id }) }
    })

  const change = (asked: (id: string, note: string) => Effect.Effect<FindingRow | undefined>, allowed: string) =>
    Effect.fn("changeFinding")(function*(id: string, note: string) {
      const changed = yield* asked(id, note)
      if (changed !== undefined) return view(changed)
      const current = yield* store.find(id)
      if (current === undefined) return yield* new FindingNotFound({ detail: `no finding ${id}` })
      return yield* new StateConflict({ current: current.state, detail: allowed })
    })

  return {
    show,
    page,
    close: change(store.close, "only what is open or parked can be closed"),
    retry: change(store.retry, "only a parked finding can be looked at again")
  } as const
})
