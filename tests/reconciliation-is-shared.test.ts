import { assert, describe, it } from "@effect/vitest"
import { simulatorControl } from "@surety/provider-simulator/control-client"
import { Effect, Schedule } from "effect"
import { atProvider } from "./broken-books.ts"
import {
  anOrderId,
  findingsOf,
  progressOf,
  reconciledStack,
  soonReconciled,
  untilFound,
  untilLookedThrough
} from "./reconciled-stack.ts"
import { serviceProcess } from "./service-process.ts"
import { orderOf, place, type Stack, stocked } from "./stack-for-tests.ts"

const STRAYS = 30

const manyStrays = (stack: Stack) =>
  Effect.forEach(Array.from({ length: STRAYS }, anOrderId), (order) => atProvider(stack).hold(order), {
    concurrency: 8
  })

const repaired = (times: number) => Array.from({ length: times }, () => "hold_without_order REPAIRED")

/** Waits until a look was taken by so many different orchestrators. */
const untilTakenTurns = (stack: Stack, owners: number, known = new Set<string>()) =>
  stack.sql<{ lease_owner: string | null }>`SELECT lease_owner FROM ledger.reconciliation`.pipe(
    Effect.repeat({
      until: ([row]) => row?.lease_owner == null ? known.size >= owners : known.add(row.lease_owner).size >= owners,
      schedule: Schedule.spaced("1 millis")
    }),
    Effect.timeout("20 seconds"),
    Effect.as(known)
  )

describe("of several orchestrators", () => {
  it.live("one at a time compares the books, and what is to be done is done once", () =>
    Effect.gen(function*() {
      const stack = yield* reconciledStack()
      const second = yield* serviceProcess(stack, "orchestrator", soonReconciled)
      yield* second.said("service.listening")
      yield* untilTakenTurns(stack, 2)
      const ids = yield* manyStrays(stack)
      yield* untilFound(stack, repaired(STRAYS))
      const log = yield* simulatorControl(stack.urls.simulator).log()
      const cancels = log.filter(({ operation }) => operation === "cancel").map(({ provider_id }) => provider_id)
      assert.sameMembers(cancels, ids)
      assert.lengthOf(cancels, STRAYS)
    }).pipe(Effect.scoped))

  it.live("another goes on where one was killed in the middle of a look", () =>
    Effect.gen(function*() {
      const stack = yield* reconciledStack({}, ["orchestrator"])
      const provider = simulatorControl(stack.urls.simulator)
      const environment = { ...soonReconciled, RECONCILE_LEASE_MILLIS: "2000" }
      const first = yield* serviceProcess(stack, "orchestrator", environment)
      // The first one asks, and while it waits for the provider it is killed: it dies with the lease in its hands.
      const ids = yield* manyStrays(stack)
      yield* provider.behave({ latency_millis: 150 })
      yield* untilTakenTurns(stack, 1)
      yield* first.signal("SIGKILL")
      yield* first.exited
      const [held] = yield* stack.sql<{ held: boolean }>`
        SELECT lease_owner IS NOT NULL AS held FROM ledger.reconciliation`
      assert.strictEqual(held?.held, true)
      yield* provider.behave({ latency_millis: null })
      yield* serviceProcess(stack, "orchestrator", environment)
      const ended = stack.sql<{ kind: string; state: string }>`SELECT kind, state FROM ledger.findings`.pipe(
        Effect.repeat({
          until: (rows) => rows.length === STRAYS && rows.every(({ state }) => state === "REPAIRED"),
          schedule: Schedule.spaced("50 millis")
        }),
        Effect.timeout("20 seconds")
      )
      assert.deepStrictEqual((yield* ended).map(({ kind, state }) => `${kind} ${state}`), repaired(STRAYS))
      const { held_cents, payments } = yield* provider.totals
      assert.deepStrictEqual([payments, held_cents], [ids.length, 0])
    }).pipe(Effect.scoped))
})

describe("a provider that is dark", () => {
  it.live("is no reason to find or repair anything; when it answers again, what was missed is found", () =>
    Effect.gen(function*() {
      const stack = yield* reconciledStack()
      const provider = simulatorControl(stack.urls.simulator)
      const product = yield* stocked(stack, 10)
      yield* place(stack, orderOf(product))
      yield* untilLookedThrough(stack)
      yield* atProvider(stack).hold(anOrderId())
      yield* provider.behave({ dark: true })
      const before = yield* progressOf(stack)
      const looks = () =>
        Effect.map(stack.sql<{ fence: number }>`SELECT fence FROM ledger.reconciliation`, ([row]) => row!.fence)
      const [from, began] = [yield* looks(), Date.now()]
      yield* looks().pipe(
        Effect.repeat({
          until: (now) => now > from + 5 && Date.now() > began + 4_000,
          schedule: Schedule.spaced("50 millis")
        }),
        Effect.timeout("30 seconds")
      )
      const after = yield* progressOf(stack)
      assert.deepStrictEqual(yield* findingsOf(stack), [])
      // A look that was under way when it went dark may have come to its end.
      assert.isAtMost(Date.parse(after.listed_until) - Date.parse(before.listed_until), 2_000)
      const operations = (yield* provider.totals).operations
      yield* provider.behave({ dark: null })
      yield* untilFound(stack, repaired(1))
      yield* untilLookedThrough(stack)
      assert.strictEqual((yield* provider.totals).operations, operations + 1)
    }).pipe(Effect.scoped))
})
