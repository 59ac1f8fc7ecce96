import { assert, describe, it } from "@effect/vitest"
import { ProductId, WarehouseId } from "@surety/domain/ids"
import { seededRandom } from "@surety/platform/seeded-random"
import { randomUUID } from "node:crypto"
import type { Candidate } from "../src/routing-store.ts"
import { Shelf } from "../src/shelf.ts"
import { splitOrder } from "../src/split-order.ts"

const random = seededRandom(3)
const upTo = (n: number) => Math.floor(random() * (n + 1))

const aCase = (lines: number, warehouses: number) => ({
  items: Array.from({ length: lines }, () => ({ product_id: ProductId.make(randomUUID()), quantity: 1 + upTo(5) })),
  holders: Array.from({ length: warehouses }, (_, i): Candidate => ({
    warehouse_id: WarehouseId.make(randomUUID()),
    code: `W${i}`,
    meters: upTo(1000),
    available: Array.from({ length: lines }, () => random() < 0.5 ? -1 : upTo(6))
  })).toSorted((a, b) => a.meters - b.meters)
})
type Case = ReturnType<typeof aCase>

/** All ways to choose warehouses, by counting in binary. */
const bestByTryingAll = ({ holders, items }: Case) => {
  let best: { readonly size: number; readonly meters: number } | undefined
  for (let mask = 1; mask < 1 << holders.length; mask++) {
    const chosen = holders.filter((_, i) => (mask >> i & 1) === 1)
    const covers = items.every((item, line) =>
      chosen.reduce((sum, { available }) => sum + Math.max(available[line]!, 0), 0) >= item.quantity
    )
    const meters = chosen.reduce((sum, holder) => sum + holder.meters, 0)
    const isBetter = best === undefined || chosen.length < best.size ||
      (chosen.length === best.size && meters < best.meters)
    if (covers && isBetter) best = { size: chosen.length, meters }
  }
  return best
}

describe("splitting an order", () => {
  it("takes the fewest warehouses up to three, of equally few the nearest, and never more than they have", () => {
    const sizes = new Map<number, number>()
    for (let i = 0; i < 2000; i++) {
      const given = aCase(1 + upTo(3), 2 + upTo(7))
      const best = bestByTryingAll(given)
      const placement = splitOrder(given.items, given.holders, new Shelf())
      if (best === undefined) {
        assert.isUndefined(placement)
        continue
      }
      const used = new Map(given.holders.map((holder) => [holder.warehouse_id, holder]))
      const chosen = new Set(placement!.allocations.map((a) => a.warehouse_id))
      given.items.forEach((item, line) => {
        const parts = placement!.allocations.filter((a) => a.product_id === item.product_id)
        assert.strictEqual(parts.reduce((sum, part) => sum + part.quantity, 0), item.quantity)
        for (const part of parts) assert.isAtMost(part.quantity, used.get(part.warehouse_id)!.available[line]!)
      })
      sizes.set(best.size, (sizes.get(best.size) ?? 0) + 1)
      if (best.size > 3) continue
      assert.strictEqual(chosen.size, best.size)
      const meters = Array.from(chosen, (id) => used.get(id)!.meters).reduce((a, b) => a + b, 0)
      assert.strictEqual(meters, best.meters)
    }
    assert.sameMembers([...sizes.keys()].filter((size) => size <= 4), [1, 2, 3, 4], "all sizes came up")
  })

  it("knows what the orders before it have taken", () => {
    const { items } = aCase(1, 0)
    const [item] = items
    const holders = [7, 9].map((meters): Candidate => ({
      warehouse_id: WarehouseId.make(randomUUID()),
      code: String(meters),
      meters,
      available: [item!.quantity]
    }))
    const shelf = new Shelf()
    const places = [1, 2, 3].map(() => splitOrder(items, holders, shelf)?.allocations[0]?.warehouse_id)
    assert.deepStrictEqual(places, [holders[0]!.warehouse_id, holders[1]!.warehouse_id, undefined])
  })

  it("of fifty lines over hundreds of holders is found before anyone gets impatient", { timeout: 2000 }, () => {
    const { holders, items } = aCase(50, 600)
    assert.isDefined(splitOrder(items, holders, new Shelf()))
  })
})
