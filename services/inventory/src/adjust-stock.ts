import type { AdjustStock, StockLevel } from "@surety/contracts/inventory-api"
import type { IdempotencyKey } from "@surety/contracts/manners"
import { IdempotencyKeyReused, InsufficientStock, WarehouseNotFound } from "@surety/contracts/problems"
import type { ProductId, WarehouseId } from "@surety/domain/ids"
import { inTransaction } from "@surety/platform/database"
import { fingerprint } from "@surety/platform/fingerprint"
import { Effect } from "effect"
import { SqlError } from "effect/sql"
import { AdjustmentStore, type Counters, type NewAdjustment } from "./adjustment-store.ts"
import { readProduct } from "./catalogue.ts"
import { newId } from "./new-id.ts"
import { reclaimExpired } from "./release-stock.ts"

/**
 * Brings units in, or with a negative quantity takes them out, once an idempotency key; the same request again gets the
 * level that the first one left. What is reserved cannot be taken out. A refusal changes nothing and is not remembered.
 */
export const adjustStock = Effect.fn("adjustStock")(
  function*(product_id: ProductId, idempotency_key: IdempotencyKey, input: AdjustStock) {
    yield* reclaimExpired
    const { quantity, reason } = input
    const warehouse_id = input.warehouse_id ?? input.warehouseId ?? null
    const request_hash = fingerprint({ quantity, reason, warehouse_id })
    const id = yield* newId
    return yield* adjustOnce({ id, idempotency_key, product_id, warehouse_id, request_hash, quantity, reason }).pipe(
      Effect.catchIf(SqlError.isSqlError, Effect.die)
    )
  }
)

const adjustOnce = Effect.fnUntraced(
  function*(adjustment: NewAdjustment) {
    const store = yield* AdjustmentStore
    const { product_id, quantity } = adjustment
    const inserted = yield* store.insert(adjustment)
    if (inserted === undefined) return yield* repeatedOrMissing(adjustment)
    const before = yield* store.lockRow(product_id, inserted.warehouse_id)
    const after = { on_hand: before.on_hand + quantity, reserved: before.reserved }
    if (after.on_hand < after.reserved) {
      const shortages = [{ product_id, requested: -quantity, available: before.on_hand - before.reserved }]
      return yield* new InsufficientStock({ shortages, detail: "fewer units than that are free to be taken out" })
    }
    yield* store.apply(adjustment, inserted.warehouse_id, after)
    return levelOf(product_id, inserted.warehouse_id, after)
  },
  inTransaction
)

const repeatedOrMissing = Effect.fnUntraced(
  function*({ idempotency_key, product_id, request_hash, warehouse_id }: NewAdjustment) {
    const earlier = yield* AdjustmentStore.use((store) => store.byKey(product_id, idempotency_key))
    if (earlier !== undefined) {
      if (!Buffer.from(earlier.request_hash).equals(request_hash)) {
        return yield* new IdempotencyKeyReused({ detail: "this key belongs to another adjustment of this product" })
      }
      const after = { on_hand: earlier.on_hand_after, reserved: earlier.reserved_after }
      return levelOf(product_id, earlier.warehouse_id, after)
    }
    yield* readProduct(product_id)
    const detail = warehouse_id === null ? "there is no warehouse yet: create one" : `no warehouse ${warehouse_id}`
    return yield* new WarehouseNotFound({ detail })
  }
)

const levelOf = (product_id: ProductId, warehouse_id: WarehouseId, counters: Counters): StockLevel => ({
  product_id,
  warehouse_id,
  ...counters,
  available: counters.on_hand - counters.reserved
})
