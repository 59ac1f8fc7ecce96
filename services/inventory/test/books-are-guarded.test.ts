import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { assertBooksBalance, commitSet, InventoryUnderTest, releaseSet } from "./inventory-under-test.ts"
import { held, twoPlaces } from "./two-places.ts"

/** What a statement fails with when the service's own role says it. */
const asService = (statement: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const said = sql.withTransaction(
      Effect.andThen(sql`SET LOCAL ROLE surety_inventory`, sql.unsafe(statement))
    )
    const error = yield* Effect.flip(said)
    assert.isTrue(SqlError.isSqlError(error))
    return error.reason._tag
  })

layer(InventoryUnderTest.layer, { excludeTestServices: true, timeout: "60 seconds" })("the database", (it) => {
  it.effect("lets no code undo the end of a reservation, nor change what was held or what has moved", () =>
    Effect.gen(function*() {
      const { product } = yield* twoPlaces
      const [kept, gone, freed] = [
        yield* held([[product, 1]]),
        yield* held([[product, 1]]),
        yield* held([[product, 1]])
      ]
      const [id, committed, released] = [kept, gone, freed].map(({ order }) => order.order_id)
      yield* commitSet([committed])
      yield* releaseSet([released])
      const set = (what: string, of: string | undefined) =>
        asService(`UPDATE inventory.reservations SET ${what} WHERE order_id = '${of}'`)
      assert.strictEqual(yield* set("status = 'HELD'", committed), "ConstraintError")
      assert.strictEqual(yield* set("status = 'RELEASED', released_at = now()", committed), "ConstraintError")
      assert.strictEqual(yield* set("status = 'HELD', released_at = NULL", released), "ConstraintError")
      assert.strictEqual(yield* set("lines = lines || lines", id), "AuthorizationError")
      assert.strictEqual(yield* asService("UPDATE inventory.movements SET on_hand_delta = 1"), "AuthorizationError")
      assert.strictEqual(yield* asService("DELETE FROM inventory.movements"), "AuthorizationError")
      yield* assertBooksBalance
    }))
})
