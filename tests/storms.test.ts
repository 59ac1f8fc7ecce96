import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { afterAll, beforeAll } from "vitest"
import { verdict } from "../chaos/cluster/verdict.ts"
import { storms } from "../chaos/storms/all-storms.ts"
import { stormText } from "../chaos/storms/show-storm.ts"
import type { Storm } from "../chaos/storms/storm.ts"
import { groundWith, weather, weatherAlone } from "../chaos/storms/weather.ts"
import { spoiltBooks } from "./spoilt-books.ts"

const SEED = 1
const wish = { scale: "short", seed: SEED } as const
/** A storm that comes to nothing says itself what it waited for, long before this. */
const STORM_LIMIT_MILLIS = 120_000

const hasItsOwnHome = ({ home }: Storm) => home !== undefined
const titled = (some: ReadonlyArray<Storm>) => some.map((storm) => [storm.name, storm.says, storm] as const)

describe("after a storm every order has ended, and the books balance", () => {
  const scope = Scope.makeUnsafe()
  let ground: Effect.Success<ReturnType<typeof groundWith>>
  beforeAll(async () => {
    ground = await Effect.runPromise(Scope.provide(groundWith(SEED), scope))
  })
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

  // One after the other, on what the ones before have left: the judge looks at all of it each time.
  it.live.each(titled(storms.filter((storm) => !hasItsOwnHome(storm))))(
    "%s: %s",
    ([, , storm]) =>
      Effect.gen(function*() {
        const came = yield* weather(storm, wish, ground)
        assert.isTrue(came.holds, stormText(came))
      }),
    STORM_LIMIT_MILLIS
  )

  it.live("unless something is wrong, which the verdict then names, everything that there is to name", () =>
    Effect.gen(function*() {
      const { cluster } = ground
      const served = yield* spoiltBooks(cluster)
      const { checks } = yield* verdict(cluster, { served: Effect.succeed(served) }, { terminal_seconds_max: 1 })
      assert.deepStrictEqual(checks.filter(({ holds }) => holds), [])
    }))

  it.live.each(titled(storms.filter(hasItsOwnHome)))(
    "%s: %s",
    ([, , storm], { skip }) =>
      Effect.gen(function*() {
        const came = yield* weatherAlone(storm, wish)
        if ("skipped" in came) return skip(came.skipped)
        assert.isTrue(came.holds, stormText(came))
      }),
    STORM_LIMIT_MILLIS
  )
})
