import { assert, describe, it } from "@effect/vitest"
import type { Act, Outcome } from "@surety/saga/definition"
import { saga } from "@surety/saga/definition"
import { drive } from "@surety/saga/drive"
import type { Claimed, Journal, Recording } from "@surety/saga/journal"
import type { Watch } from "@surety/saga/watch"
import { Deferred, Effect, Exit, Scope } from "effect"

const retry = { waits_millis: [60_000], then_every_millis: 60_000, attempts_max: 9 }
const never: Act<Claimed> = () => Effect.die(new Error("nothing is undone here"))

const errand = (act: Act<Claimed>) =>
  saga<Claimed>()("errand", {
    graph: { BEGUN: ["DONE", "TURNING_BACK"], DONE: [], TURNING_BACK: ["LOST"], LOST: [] },
    compensating: "TURNING_BACK",
    failed: "LOST",
    origin: { name: "begin", reached: "BEGUN", undo: never, retry }
  }).compensatable("go", { reaches: "DONE", act, undo: never, retry }).end()

const rowOf = (id: string): Claimed => ({
  id,
  fence: 1,
  lease_expiries: 0,
  reason: null,
  status: "BEGUN",
  undoing: null,
  attempts: 0
})

const watch: Watch<Claimed> = {
  report: () => Effect.void,
  claimed: (rows, work) => work(rows),
  acting: (_, rows, act) => act(rows)
}

const settings = { set_size: 9, lanes: 1, act_timeout_millis: 5_000, idle_millis: 10, gather_millis: 0 }

/** Drives some rows, which are due once, and answers what was written of them in the end. */
const written = Effect.fnUntraced(function*(
  ids: ReadonlyArray<string>,
  act: Act<Claimed>,
  isUnwritable: (recordings: ReadonlyArray<Recording>) => boolean = () => false
) {
  const rows = ids.map(rowOf)
  const kept = new Map<string, Recording>()
  const claimedAgain = yield* Deferred.make<void>()
  let claims = 0
  const journal: Journal<Claimed, string> = {
    claim: () =>
      Effect.suspend(() => {
        claims += 1
        return claims === 1 ? Effect.succeed(rows) : Effect.as(Deferred.succeed(claimedAgain, undefined), [])
      }),
    record: (recordings) =>
      Effect.suspend(() => {
        if (isUnwritable(recordings)) return Effect.fail("it cannot be written")
        for (const recording of recordings) kept.set(recording.id, recording)
        return Effect.succeed(new Set(recordings.map(({ id }) => id)))
      })
  }
  const scope = yield* Scope.make()
  yield* Scope.provide(drive(errand(act), journal, settings, watch), scope)
  // With one lane the next claim comes when everything has been done.
  yield* Effect.timeout(Deferred.await(claimedAgain), "10 seconds")
  yield* Scope.close(scope, Exit.void)
  return Object.fromEntries(Array.from(kept, ([id, { attempts, status }]) => [id, [status, attempts]]))
})

const done = (ids: ReadonlyArray<string>): ReadonlyMap<string, Outcome> =>
  new Map(ids.map((id) => [id, { _tag: "Done" }]))

describe("a worker believes nothing that it was not told", () => {
  it.live("an order that an answer leaves out is asked about again", () =>
    Effect.gen(function*() {
      const standings = yield* written(["a", "b", "c"], () => Effect.succeed(done(["a", "c"])))
      assert.deepStrictEqual(standings, { a: ["DONE", 0], b: ["BEGUN", 1], c: ["DONE", 0] })
    }))

  it.live("a call that fails, or dies, or answers nothing has told nothing", () =>
    Effect.gen(function*() {
      for (const nothing of [Effect.fail("no"), Effect.die("no"), Effect.succeed(done([]))]) {
        assert.deepStrictEqual(yield* written(["a", "b"], () => nothing), { a: ["BEGUN", 1], b: ["BEGUN", 1] })
      }
    }))

  it.live("an order that cannot be written down is left out, and those of its set are written without it", () =>
    Effect.gen(function*() {
      const standings = yield* written(
        ["a", "b", "c"],
        (rows) => Effect.succeed(done(rows.map(({ id }) => id))),
        (recordings) => recordings.some(({ id }) => id === "b")
      )
      assert.deepStrictEqual(standings, { a: ["DONE", 0], c: ["DONE", 0] })
    }))
})
