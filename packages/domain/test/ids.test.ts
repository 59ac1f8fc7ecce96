import { assert, describe, it } from "@effect/vitest"
import { makeOrderId, OrderId, shardFor, shardOf, SHARDS } from "@surety/domain/ids"
import { Schema } from "effect"

const Byte = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))
const Millis = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 47 }))
const Shard = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: SHARDS - 1 }))

describe("an order's id", () => {
  it.prop(
    "is a UUIDv7 that carries its shard and sorts by time",
    [Millis, Shard, Byte],
    ([epochMillis, shard, byte]) => {
      const id = makeOrderId({ epochMillis, shard, random: new Uint8Array(9).fill(byte) })
      assert.isTrue(Schema.is(OrderId)(id))
      assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab]/)
      assert.strictEqual(shardOf(id), shard)
      const later = makeOrderId({ epochMillis: epochMillis + 1, shard: 0, random: new Uint8Array(9) })
      assert.isBelow(id.localeCompare(later), 0)
    }
  )

  it("spreads callers and keys evenly over the shards", () => {
    const counts = new Map<number, number>()
    for (let i = 0; i < 102_400; i++) {
      const shard = shardFor("public", `key-${i}`)
      counts.set(shard, (counts.get(shard) ?? 0) + 1)
    }
    assert.strictEqual(counts.size, SHARDS)
    assert.isBelow(Math.max(...counts.values()), 180)
  })

  it("refuses other spellings of a UUID", () => {
    for (const bad of ["{0198a4b2-7d1e-7c3a-9f00-1234567890ab}", "0198A4B2-7D1E-7C3A-9F00-1234567890AB", "x", ""]) {
      assert.isFalse(Schema.is(OrderId)(bad), bad)
    }
  })
})
