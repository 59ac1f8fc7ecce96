import { assert, describe, it } from "@effect/vitest"
import { LedgerJournal } from "@surety/orchestrator/journal-store"
import { database } from "@surety/platform/database"
import type { Claimed } from "@surety/saga/journal"
import { isConcurrent } from "@surety/testkit/test-database"
import { Context, Deferred, Effect, Layer, Schedule } from "effect"
import { dawdling, orderOf, place, request, type Stack, stackForTests, stocked, untilEntry } from "./stack-for-tests.ts"

const SET_MAX = 64

/** The ledger as one worker sees it, with connections of its own. */
const journalOf = (stack: Stack, owner: string, lease_millis = 60_000) =>
  Layer.build(
    LedgerJournal.layer({ owner, lease_millis }).pipe(
      Layer.provide(
        database({ url: stack.database, role: "surety_ledger", application_name: owner, max_connections: 2 })
      )
    )
  ).pipe(Effect.map((context) => Context.get(context, LedgerJournal)))

/** Authorized orders that no worker has heard of. */
const ordersOf = Effect.fnUntraced(function*(stack: Stack, count: number) {
  const product = yield* stocked(stack, count)
  const replies = yield* Effect.replicateEffect(place(stack, orderOf(product)), count, { concurrency: 12 })
  return replies.map(({ body }) => body["order_ledger_id"] as string)
})

const created = ({ fence, id }: Claimed) => ({
  id,
  fence,
  status: "ORDER_CREATED",
  undoing: null,
  attempts: 0,
  wait_millis: 0,
  reason: null,
  last_error: null,
  parked_reason: null,
  ended: false,
  keep_lease: true,
  facts: {}
})

const idsOf = (rows: ReadonlyArray<Claimed>) => rows.map(({ id }) => id)

describe.skipIf(!isConcurrent())("workers keep apart", () => {
  it.live("claims that overlap, each in the belief that the orders are free, take every order once", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests({}, ["orchestrator"])
      const ids = yield* ordersOf(stack, 12)
      const workers = yield* Effect.forEach(["first", "second", "third"], (owner) => journalOf(stack, owner))
      yield* dawdling(stack, "UPDATE")
      const claims = yield* Effect.forEach(workers, ({ claim }) => claim(SET_MAX), { concurrency: "unbounded" })
      assert.deepStrictEqual(idsOf(claims.flat()).toSorted(), ids.toSorted())
    }).pipe(Effect.scoped))

  it.live("what somebody holds is not claimed until his lease has run out", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests({}, ["orchestrator"])
      const [id] = yield* ordersOf(stack, 1)
      const holder = yield* journalOf(stack, "holder")
      const other = yield* journalOf(stack, "other")
      assert.deepStrictEqual(idsOf(yield* holder.claim(SET_MAX)), [id])
      assert.deepStrictEqual(yield* other.claim(SET_MAX), [])
      yield* stack.sql`UPDATE ledger.entries SET lease_until = now()`
      assert.deepStrictEqual(idsOf(yield* other.claim(SET_MAX)), [id])
    }).pipe(Effect.scoped))

  for (const successor of ["slow", "another"]) {
    it.live(`a slow worker is fenced out by ${successor}: what it writes late changes nothing`, () =>
      Effect.gen(function*() {
        const stack = yield* stackForTests({}, ["orchestrator"])
        yield* ordersOf(stack, 1)
        const slow = yield* journalOf(stack, "slow", 200)
        const [late] = yield* slow.claim(SET_MAX)
        const next = successor === "slow" ? slow : yield* journalOf(stack, successor, 200)
        const [taken] = yield* next.claim(SET_MAX).pipe(
          Effect.repeat({ until: (rows) => rows.length > 0, schedule: Schedule.spaced("20 millis") }),
          Effect.timeout("10 seconds")
        )
        const before = yield* stack.sql`SELECT status, fence, lease_owner, updated_at FROM ledger.entries`
        assert.deepStrictEqual([...yield* slow.record([created(late!)])], [])
        assert.deepStrictEqual(
          yield* stack.sql`SELECT status, fence, lease_owner, updated_at FROM ledger.entries`,
          before
        )
        assert.deepStrictEqual([...yield* next.record([created(taken!)])], [taken!.id])
      }).pipe(Effect.scoped))
  }

  it.live("an order that somebody has locked is passed over, and the others are claimed", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests({}, ["orchestrator"])
      const [locked, ...others] = yield* ordersOf(stack, 4)
      const worker = yield* journalOf(stack, "worker")
      const isLocked = yield* Deferred.make<void>()
      yield* stack.sql`SELECT FROM ledger.entries WHERE id = ${locked!} FOR UPDATE`.pipe(
        Effect.andThen(Deferred.succeed(isLocked, undefined)),
        Effect.andThen(Effect.never),
        stack.sql.withTransaction,
        Effect.forkScoped
      )
      yield* Deferred.await(isLocked)
      assert.deepStrictEqual(idsOf(yield* worker.claim(SET_MAX)).toSorted(), others.toSorted())
    }).pipe(Effect.scoped))

  it.live("whoever reads the feed of events waits for a writer who has not committed yet", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      yield* stack.sql`UPDATE ledger.claiming SET paused = true`
      const [slow] = yield* ordersOf(stack, 1)
      const isWritten = yield* Deferred.make<void>()
      yield* stack.sql`
        UPDATE ledger.entries SET status = 'COMPENSATING', compensating_at = now(), undoing = 'payment.authorize',
          reason = 'a test' WHERE id = ${slow!}`.pipe(
        Effect.andThen(Deferred.succeed(isWritten, undefined)),
        Effect.andThen(Effect.never),
        stack.sql.withTransaction,
        Effect.forkScoped
      )
      yield* Deferred.await(isWritten)
      const [fast] = yield* ordersOf(stack, 1)
      yield* untilEntry(stack, `id = '${fast}' AND status = 'AUTHORIZED'`)
      const { text } = yield* request("GET", `${stack.urls.orchestrator}/events?limit=100`)
      assert.include(text, slow!)
      assert.notInclude(text, fast!)
    }).pipe(Effect.scoped))
})
