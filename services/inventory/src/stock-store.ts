import type { Allocation } from "@surety/contracts/inventory-api"
import type { ProductId, WarehouseId } from "@surety/domain/ids"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { sumByRow } from "./shelf.ts"

interface Free {
  readonly product_id: ProductId
  readonly warehouse_id: WarehouseId
  readonly available: number
}

export interface WarehouseLevel {
  readonly warehouse_id: WarehouseId
  readonly code: string
  readonly on_hand: number
  readonly reserved: number
  readonly available: number
}

/** Stock rows: read for people, or locked for a decision. They change only together with what explains them. */
export class StockStore extends Context.Service<StockStore>()("surety/inventory/StockStore", {
  make: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    /** Locks the rows of all these allocations in the order of their keys, and reads what they have under the lock. */
    const lock = Effect.fn("lockStock")((allocations: ReadonlyArray<Allocation>) => {
      const rows = sumByRow(allocations)
      return sql<Free>`
        SELECT s.product_id, s.warehouse_id, s.on_hand - s.reserved AS available
        FROM inventory.stock s
        JOIN unnest(${rows.map((row) => row.product_id)}::uuid[], ${rows.map((row) => row.warehouse_id)}::uuid[])
          AS chosen (product_id, warehouse_id)
          ON chosen.product_id = s.product_id AND chosen.warehouse_id = s.warehouse_id
        ORDER BY s.product_id, s.warehouse_id FOR UPDATE OF s`
    })

    /** A product's level in every warehouse that stocks it; what expired holds kept is available. */
    const levels = Effect.fn("readLevels")((product: ProductId) =>
      sql<WarehouseLevel>`
        WITH lapsed AS (
          SELECT l.warehouse_id, sum(l.quantity)::int AS units
          FROM inventory.reservations r, inventory.lines_of(r.lines) l
          WHERE r.expires_at <= now() AND l.product_id = ${product}::uuid
          GROUP BY l.warehouse_id
        )
        SELECT s.warehouse_id, w.code, s.on_hand, s.reserved,
          s.on_hand - s.reserved + coalesce(lapsed.units, 0) AS available
        FROM inventory.stock s
        JOIN inventory.warehouses w ON w.id = s.warehouse_id
        LEFT JOIN lapsed ON lapsed.warehouse_id = s.warehouse_id
        WHERE s.product_id = ${product}::uuid
        ORDER BY w.code`.pipe(Effect.orDie)
    )

    return { lock, levels } as const
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}
