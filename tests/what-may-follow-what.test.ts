import { assert, describe, it } from "@effect/vitest"
import { follows } from "@surety/domain/order-status"
import { Effect } from "effect"
import { seededDatabase } from "./stack-for-tests.ts"

describe("which status may follow which", () => {
  it.live("is the same in the types and in the ledger's CHECK", () =>
    Effect.gen(function*() {
      const { sql } = yield* seededDatabase
      const [check] = yield* sql<{ definition: string }>`
        SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conname = 'transitions_are_legal'`
      // PostgreSQL spells a list of pairs as one comparison after another; no status before the first reads as ''.
      const pair = /COALESCE\(from_status, ''::text\) = '([A-Z_]*)'::text\) AND \(to_status = '([A-Z_]+)'::text\)/g
      const pairs = Array.from(check!.definition.matchAll(pair), ([, from, to]) => `${from} > ${to}`)
      const types = Object.entries(follows).flatMap(([from, after]) => after.map((to) => `${from} > ${to}`))
      assert.deepStrictEqual(pairs.toSorted(), [" > AWAITING_AUTHORIZATION", ...types].toSorted())
    }).pipe(Effect.scoped))
})
