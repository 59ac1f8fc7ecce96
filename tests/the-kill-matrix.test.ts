import { assert, describe, it } from "@effect/vitest"
import { administrator, testDatabase } from "@surety/testkit/test-database"
import { Effect, References } from "effect"
import { fillCatalogue } from "../bench/catalogue.ts"
import { complaintsOf, hitTables, holes, recovery } from "../chaos/kill-matrix/hit-table.ts"
import { localPoints, points, remotePoints } from "../chaos/kill-matrix/matrix.ts"
import { nameOf } from "../chaos/kill-matrix/points.ts"
import { runMatrix } from "../chaos/kill-matrix/run-matrix.ts"

/** A pass takes two to three minutes on two idle cores. */
const PASS_LIMIT_MILLIS = 900_000
const CLUSTERS = 3

const database = testDatabase.pipe(
  Effect.tap((url) => Effect.provide(fillCatalogue, administrator(url))),
  Effect.orDie
)

describe("a process is killed", () => {
  it("at every boundary of every remote step, and around every local write", () => {
    const names = points.map(nameOf)
    assert.strictEqual(new Set(names).size, names.length)
    const boundaries = (step: string) => points.filter((point) => point.step === step).length
    for (
      const step of ["authorize", "create", "reserve", "capture", "confirm", "void", "refund", "release", "cancel"]
    ) {
      assert.strictEqual(boundaries(step), 6, step)
    }
    for (const { step } of localPoints) assert.strictEqual(boundaries(step), 2, step)
    assert.isAtLeast(remotePoints.length + localPoints.length, 110)
  })

  it.live(
    "and every order ends as it should: nobody pays twice, nothing stays held, and its key has one answer",
    () =>
      Effect.gen(function*() {
        const outcomes = yield* runMatrix({ points, times: 1, clusters: CLUSTERS, database, seed: 1 })
        console.log(`${hitTables(points, outcomes)}\n\n${recovery(outcomes)}`)
        assert.deepStrictEqual(holes(points, outcomes), [])
        assert.deepStrictEqual(complaintsOf(outcomes), [])
      }).pipe(Effect.provideService(References.MinimumLogLevel, "Error")),
    PASS_LIMIT_MILLIS
  )
})
