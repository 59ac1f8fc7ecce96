import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { afterTheEnd, orderOf, place, request, stackForTests, stocked } from "./stack-for-tests.ts"

describe("orders can be found", () => {
  it.live("by user and by status, newest first, page by page without gaps or repeats", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* stocked(stack, 4)
      const ids: Array<string> = []
      for (const user of ["ada", "bob", "ada", "ada", "bob", "ada", "ada"]) {
        ids.unshift((yield* place(stack, { ...orderOf(product), user_id: user })).body["order_ledger_id"])
      }
      yield* afterTheEnd(stack)
      const read = Effect.fnUntraced(function*(query: string) {
        const found: Array<string> = []
        for (let cursor = "";;) {
          const { body } = yield* request("GET", `${stack.urls.edge_api}/orders?limit=2${query}${cursor}`)
          found.push(...body["orders"].map((order: { order_ledger_id: string }) => order.order_ledger_id))
          if (body["next_cursor"] === undefined) return found
          cursor = `&cursor=${body["next_cursor"]}`
        }
      })
      assert.deepStrictEqual(yield* read(""), ids)
      assert.deepStrictEqual(yield* read("&user_id=bob"), [ids[2], ids[5]])
      assert.strictEqual((yield* read("&status=COMPLETED")).length, 4)
      assert.strictEqual(
        (yield* read("&status=FAILED&user_id=ada")).length + (yield* read("&status=FAILED&user_id=bob")).length,
        3
      )
      assert.deepStrictEqual(yield* read("&status=AUTHORIZED"), [])
      const missing = yield* request("GET", `${stack.urls.edge_api}/orders/00000000-0000-7000-8000-00000000dead`)
      assert.deepStrictEqual([missing.status, missing.body["error"]], [404, "order_not_found"])
    }).pipe(Effect.scoped))
})
