import { assert, describe, it } from "@effect/vitest"
import { ProductId } from "@surety/domain/ids"
import { Effect, Exit, Logger } from "effect"
import { randomUUID } from "node:crypto"
import type { Neighbours } from "../src/neighbours.ts"
import { makeAskPrice } from "../src/price-order.ts"

/** A catalogue of one product, and how often it was asked; away until it is told otherwise. */
const catalogueOf = (product: ProductId) => {
  const state = { asked: 0, away: false }
  const prices = ({ payload }: { readonly payload: { readonly product_ids: ReadonlyArray<ProductId> } }) =>
    Effect.suspend(() => {
      state.asked += 1
      const known = payload.product_ids.filter((id) => id === product)
      return state.away
        ? Effect.die(new Error("nobody there"))
        : Effect.succeed({ prices: known.map((product_id) => ({ product_id, price_cents: 890 })), unknown: [] })
    })
  return { state, neighbours: { inventory: { catalogue: { prices } } } as unknown as Neighbours["Service"] }
}

describe("the catalogue", () => {
  const [tea, coffee] = [ProductId.make(randomUUID()), ProductId.make(randomUUID())]

  it.effect("is not asked for a price that it has just told, and again for what it did not have", () =>
    Effect.gen(function*() {
      const { neighbours, state } = catalogueOf(tea)
      const askPrice = yield* makeAskPrice(neighbours, 1_000)
      assert.strictEqual(yield* askPrice(tea), 890)
      state.away = true
      assert.strictEqual(yield* askPrice(tea), 890)
      assert.strictEqual(state.asked, 1)
      state.away = false
      assert.strictEqual(yield* askPrice(coffee), undefined)
      assert.strictEqual(yield* askPrice(coffee), undefined)
      assert.strictEqual(state.asked, 3)
    }))

  it.effect("that was away is asked again at once", () =>
    Effect.gen(function*() {
      const { neighbours, state } = catalogueOf(tea)
      const askPrice = yield* makeAskPrice(neighbours, 1_000)
      state.away = true
      const problem = Exit.findErrorOption(yield* Effect.exit(askPrice(tea)))
      assert.strictEqual(problem._tag === "Some" ? problem.value._tag : undefined, "ServiceUnavailable")
      state.away = false
      assert.strictEqual(yield* askPrice(tea), 890)
    }).pipe(Effect.provide(Logger.layer([]))))
})
