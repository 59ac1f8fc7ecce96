import { assert, describe, it } from "@effect/vitest"
import { grouped } from "@surety/platform/grouped"
import { Effect, Exit } from "effect"

/** A function over sets that fails as a whole when one of them cannot be done, as a statement does. */
const counting = Effect.gen(function*() {
  const sets: Array<ReadonlyArray<number>> = []
  const ask = yield* grouped({ size_max: 9, turns: 1, gather_millis: 20 }, (items: ReadonlyArray<number>) => {
    sets.push(items)
    return items.includes(13) ? Effect.fail("not this one") : Effect.succeed(items.map((item) => item * 10))
  })
  return { ask, sets }
})

describe("requests that come at once", () => {
  it.live("are done as one, and each gets its own answer", () =>
    Effect.gen(function*() {
      const { ask, sets } = yield* counting
      assert.deepStrictEqual(yield* Effect.forEach([3, 1, 2], ask, { concurrency: "unbounded" }), [30, 10, 20])
      assert.deepStrictEqual(sets, [[3, 1, 2]])
    }))

  it.live("do not fail because of one of them that cannot be done", () =>
    Effect.gen(function*() {
      const { ask } = yield* counting
      const asked = (item: number) => Effect.exit(ask(item))
      const exits = yield* Effect.forEach([1, 13, 2], asked, { concurrency: "unbounded" })
      assert.deepStrictEqual(exits, [Exit.succeed(10), Exit.fail("not this one"), Exit.succeed(20)])
    }))
})
