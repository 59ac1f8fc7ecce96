import type { ProductId, WarehouseId } from "@surety/domain/ids"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"

export interface NewAdjustment {
  readonly id: string
  readonly idempotency_key: string
  readonly product_id: ProductId
  /** null: the default one. */
  readonly warehouse_id: WarehouseId | null
  readonly request_hash: Uint8Array
  readonly quantity: number
  readonly reason: string
}

/** An adjustment that was made, and the level it left. */
export interface StoredAdjustment {
  readonly warehouse_id: WarehouseId
  readonly request_hash: Uint8Array
  readonly on_hand_after: number
  readonly reserved_after: number
}

export interface Counters {
  readonly on_hand: number
  readonly reserved: number
}

/** Adjustments and the stock they change, for one transaction; failures stay visible so that it can be repeated. */
export class AdjustmentStore extends Context.Service<AdjustmentStore>()("surety/inventory/AdjustmentStore", {
  make: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    /**
     * Takes the key, before anything else is done under it; one who comes at the same time waits here. Answers the
     * warehouse, or nothing when the key is taken or when there is no such product or warehouse.
     */
    const insert = (a: NewAdjustment) =>
      sql<{ readonly warehouse_id: WarehouseId }>`
        INSERT INTO inventory.adjustments
          (id, idempotency_key, product_id, warehouse_id, request_hash, quantity, reason)
        SELECT ${a.id}::uuid, ${a.idempotency_key}, p.id, w.id, ${a.request_hash}, ${a.quantity}::int, ${a.reason}
        FROM inventory.products p, inventory.warehouses w
        WHERE p.id = ${a.product_id}::uuid
          AND CASE WHEN ${a.warehouse_id}::uuid IS NULL THEN w.is_default ELSE w.id = ${a.warehouse_id}::uuid END
        ON CONFLICT (product_id, idempotency_key) DO NOTHING RETURNING warehouse_id`.pipe(Effect.map((rows) => rows[0]))

    const byKey = (product: ProductId, key: string) =>
      sql<StoredAdjustment>`
        SELECT warehouse_id, request_hash, on_hand_after, reserved_after FROM inventory.adjustments
        WHERE product_id = ${product}::uuid AND idempotency_key = ${key}`.pipe(Effect.map((rows) => rows[0]))

    /** Locks the row of a product in a warehouse, made if need be, and reads it. */
    const lockRow = Effect.fnUntraced(function*(product: ProductId, warehouse: WarehouseId) {
      yield* sql`
        INSERT INTO inventory.stock (product_id, warehouse_id) VALUES (${product}::uuid, ${warehouse}::uuid)
        ON CONFLICT DO NOTHING`
      const [row] = yield* sql<Counters>`
        SELECT on_hand, reserved FROM inventory.stock
        WHERE product_id = ${product}::uuid AND warehouse_id = ${warehouse}::uuid FOR UPDATE`
      return row!
    })

    /** The level, the movement and the answer for repetitions. The row is locked and has been found to allow it. */
    const apply = (a: NewAdjustment, warehouse: WarehouseId, after: Counters) =>
      sql`
        WITH counted AS (
          UPDATE inventory.stock SET on_hand = ${after.on_hand}::int
          WHERE product_id = ${a.product_id}::uuid AND warehouse_id = ${warehouse}::uuid
        ), moved AS (
          INSERT INTO inventory.movements (cause_id, line, kind, product_id, warehouse_id, on_hand_delta)
          VALUES (${a.id}::uuid, 0, 'adjust', ${a.product_id}::uuid, ${warehouse}::uuid, ${a.quantity}::int)
        )
        UPDATE inventory.adjustments
        SET on_hand_after = ${after.on_hand}::int, reserved_after = ${after.reserved}::int
        WHERE id = ${a.id}::uuid`

    return { insert, byKey, lockRow, apply } as const
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}
