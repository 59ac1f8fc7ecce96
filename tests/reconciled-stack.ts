import { assert } from "@effect/vitest"
import type { FindingView, ReconciliationView } from "@surety/contracts/reconciliation-api"
import { makeOrderId } from "@surety/domain/ids"
import { Effect, Schedule } from "effect"
import { randomBytes } from "node:crypto"
import { request, type Stack, stackForTests } from "./stack-for-tests.ts"

/** The books are compared ten times a second, and what rests for half a second is judged. The provider counts seconds. */
export const soonReconciled = {
  RECONCILE_EVERY_MILLIS: "100",
  RECONCILE_GRACE_MILLIS: "500",
  RECONCILE_LEASE_MILLIS: "10000",
  RECONCILE_ROUND_PERCENT: "50"
}

export const reconciledStack = (
  environment: Readonly<Record<string, string>> = {},
  without: ReadonlyArray<"orchestrator"> = []
) => stackForTests({ ...soonReconciled, ...environment }, without)

/** An id as orders have them, of an order that is nowhere. */
export const anOrderId = (): string =>
  makeOrderId({ epochMillis: Date.now(), shard: 0, random: new Uint8Array(randomBytes(9)) })

/** All findings, suspicions too, the newest first. */
export const findingsOf = (stack: Stack, url = stack.urls.orchestrator) =>
  Effect.gen(function*() {
    const known = yield* request("GET", `${url}/reconciliation/findings?limit=100`)
    const suspected = yield* request("GET", `${url}/reconciliation/findings?limit=100&state=SUSPECTED`)
    assert.strictEqual(known.status, 200, known.text)
    return [...known.body["findings"], ...suspected.body["findings"]] as ReadonlyArray<FindingView>
  })

/** Waits until the findings are as many as expected, each in such a state: `["double_hold REPAIRED", …]`. */
export const untilFound = (stack: Stack, expected: ReadonlyArray<string>) =>
  findingsOf(stack).pipe(
    Effect.map((findings) => findings.map(({ kind, state }) => `${kind} ${state}`).toSorted()),
    Effect.repeat({
      until: (found) => JSON.stringify(found) === JSON.stringify(expected.toSorted()),
      schedule: Schedule.spaced("50 millis")
    }),
    Effect.timeoutOrElse({
      duration: "20 seconds",
      orElse: () =>
        Effect.flatMap(findingsOf(stack), (found) =>
          Effect.die(new Error(`not found as expected: ${JSON.stringify(found, undefined, 1)}`)))
    }),
    Effect.andThen(findingsOf(stack))
  )

export const progressOf = (stack: Stack) =>
  Effect.map(request<ReconciliationView>("GET", `${stack.urls.orchestrator}/reconciliation`), ({ body }) => body)

/** Waits until all payments up to now have been looked at. */
export const untilListed = (stack: Stack) =>
  Effect.gen(function*() {
    const from = Date.now()
    yield* progressOf(stack).pipe(
      Effect.repeat({
        until: ({ listed_until }) => Date.parse(listed_until) > from,
        schedule: Schedule.spaced("20 millis")
      }),
      Effect.timeout("20 seconds")
    )
  })

/** Changes how far the comparison is, until no look that was under way meanwhile has changed it back. */
const moved = (stack: Stack, to: string, stays: string) =>
  stack.sql.unsafe(`UPDATE ledger.reconciliation SET ${to} WHERE NOT (${stays})`).pipe(
    Effect.andThen(Effect.sleep("20 millis")),
    Effect.andThen(stack.sql.unsafe(`SELECT FROM ledger.reconciliation WHERE ${stays} AND lease_owner IS NULL`)),
    Effect.repeat({ until: (rows) => rows.length === 1 }),
    Effect.timeout("20 seconds")
  )

/** From now on only what is new is looked at: payments made and orders ended since the last look. */
export const withoutRounds = (stack: Stack) => moved(stack, "round_at = 'infinity'", "round_at = 'infinity'")
export const withRounds = (stack: Stack) => stack.sql`UPDATE ledger.reconciliation SET round_at = now()`

/** From now on nothing is new, and all is seen in rounds only. */
export const roundsOnly = (stack: Stack) =>
  moved(
    stack,
    "listed_until = now() + interval '1 day', ended_xact = 9e18",
    "listed_until > now() + interval '1 hour' AND ended_xact = 9e18"
  )

/**
 * Waits until everything up to now has been looked at, in a whole round too that began after now, and nothing is suspected
 * any more: whatever there is to be found has been found.
 */
export const untilLookedThrough = (stack: Stack) =>
  Effect.gen(function*() {
    const from = Date.now()
    const { rounds } = yield* progressOf(stack)
    return yield* progressOf(stack).pipe(
      Effect.repeat({
        until: (now) =>
          Date.parse(now.listed_until) > from + 1_000 && now.rounds > rounds + 1 && now.findings["SUSPECTED"] === 0,
        schedule: Schedule.spaced("50 millis")
      }),
      Effect.timeout("3 minutes")
    )
  })
