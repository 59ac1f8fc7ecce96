import type { Warehouse } from "@surety/contracts/inventory-api"
import type { WarehouseId } from "@surety/domain/ids"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { pointText } from "./point-text.ts"

/** What can happen to warehouses: they come, and stay where they are. Storage failures are defects. */
export class WarehouseStore extends Context.Service<WarehouseStore>()("surety/inventory/WarehouseStore", {
  make: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const columns = sql.literal(`
      id, code, name, is_default,
      jsonb_build_object(
        'latitude', ST_Y(location::geometry), 'longitude', ST_X(location::geometry)
      ) AS location`)

    /**
     * The default one if there is none yet. Answers nothing when the code is taken, or when another became the default
     * at this moment: the unique constraints decide, not the reader.
     */
    const insert = (warehouse: Omit<Warehouse, "is_default">) =>
      sql<Warehouse>`
        INSERT INTO inventory.warehouses (id, code, name, location, is_default)
        SELECT ${warehouse.id}::uuid, ${warehouse.code}, ${warehouse.name},
          ${pointText(warehouse.location)}::text::geography,
          NOT EXISTS (SELECT FROM inventory.warehouses WHERE is_default)
        ON CONFLICT DO NOTHING RETURNING ${columns}`.pipe(Effect.map((rows) => rows[0]), Effect.orDie)

    const byCode = (code: string) =>
      sql<{ readonly id: WarehouseId }>`SELECT id FROM inventory.warehouses WHERE code = ${code}`.pipe(
        Effect.map((rows) => rows[0]),
        Effect.orDie
      )

    const all = sql<Warehouse>`SELECT ${columns} FROM inventory.warehouses ORDER BY code`.pipe(Effect.orDie)

    return { insert, byCode, all } as const
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}
