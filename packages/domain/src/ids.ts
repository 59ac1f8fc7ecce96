import { Schema } from "effect"

const CanonicalUuid = Schema.String.check(
  Schema.isPattern(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, {
    message: "must be a UUID in lower-case canonical form"
  })
)

/** A ledger entry, and with it the order: one id in every service. UUIDv7 with the shard in it. */
export const OrderId = CanonicalUuid.pipe(
  Schema.brand("OrderId"),
  Schema.annotate({
    identifier: "OrderId",
    description: "UUIDv7 of the ledger entry; every service knows the order by it"
  })
)
export type OrderId = typeof OrderId.Type

export const ProductId = CanonicalUuid.pipe(
  Schema.brand("ProductId"),
  Schema.annotate({ identifier: "ProductId", description: "UUID of a product in the catalogue" })
)
export type ProductId = typeof ProductId.Type

export const WarehouseId = CanonicalUuid.pipe(
  Schema.brand("WarehouseId"),
  Schema.annotate({ identifier: "WarehouseId", description: "UUID of a warehouse" })
)
export type WarehouseId = typeof WarehouseId.Type

/** Before and after all ids there can be: where a look through them begins and ends. */
export const FIRST_ID = "00000000-0000-0000-0000-000000000000"
export const LAST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff"

/** Virtual shards: fixed for ever, since the shard is part of every ledger id. */
export const SHARDS = 1024

/** The shard of an order, from who asked and under which key (FNV-1a, 32 bit, folded to 10 bits). */
export const shardFor = (caller: string, idempotencyKey: string): number => {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(`${caller}\n${idempotencyKey}`)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  }
  return ((hash >>> 22) ^ (hash >>> 11) ^ hash) & (SHARDS - 1)
}

/**
 * A UUIDv7 (RFC 9562, 5.7) whose `rand_a` carries the shard in its low ten bits.
 * `random` must be at least 9 random bytes.
 */
export const makeOrderId = (
  input: { readonly epochMillis: number; readonly shard: number; readonly random: Uint8Array }
): OrderId => {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0")
  const time = hex(input.epochMillis, 12)
  const randomBits = (input.random[8]! & 0b11) << 10
  const variant = 0x80 | (input.random[0]! & 0x3f)
  const tail = Array.from(input.random.subarray(1, 8), (byte) => hex(byte, 2)).join("")
  return OrderId.make(
    `${time.slice(0, 8)}-${time.slice(8)}-7${hex(randomBits | input.shard, 3)}-${hex(variant, 2)}${tail.slice(0, 2)}-${
      tail.slice(2)
    }`
  )
}

/** The shard that {@link makeOrderId} wrote into an id. */
export const shardOf = (id: OrderId): number => Number.parseInt(id.slice(15, 18), 16) & (SHARDS - 1)
