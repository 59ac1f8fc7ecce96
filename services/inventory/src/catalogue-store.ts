import type { Product } from "@surety/contracts/inventory-api"
import type { ProductId } from "@surety/domain/ids"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"

/** What can happen to products: they come, and stay as they are. Storage failures are defects. */
export class CatalogueStore extends Context.Service<CatalogueStore>()("surety/inventory/CatalogueStore", {
  make: Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const columns = sql.literal(
      "id, name, sku, price_cents::int AS price_cents, to_json(created_at) #>> '{}' AS created_at"
    )

    /** Answers nothing when the SKU is taken. */
    const insert = (product: Pick<Product, "id" | "name" | "sku" | "price_cents">) =>
      sql<Product>`
        INSERT INTO inventory.products (id, name, sku, price_cents)
        VALUES (${product.id}::uuid, ${product.name}, ${product.sku}, ${product.price_cents}::bigint)
        ON CONFLICT (sku) DO NOTHING RETURNING ${columns}`.pipe(Effect.map((rows) => rows[0]), Effect.orDie)

    const bySku = (sku: string) =>
      sql<Product>`SELECT ${columns} FROM inventory.products WHERE sku = ${sku}`.pipe(
        Effect.map((rows) => rows[0]),
        Effect.orDie
      )

    const byId = (id: ProductId) =>
      sql<Product>`SELECT ${columns} FROM inventory.products WHERE id = ${id}::uuid`.pipe(
        Effect.map((rows) => rows[0]),
        Effect.orDie
      )

    /** A page in the order of their ids, which is that of their making. */
    const after = (id: ProductId, limit: number) =>
      sql<Product>`
        SELECT ${columns} FROM inventory.products WHERE id > ${id}::uuid ORDER BY id LIMIT ${limit}::int`.pipe(
        Effect.orDie
      )

    const prices = (ids: ReadonlyArray<ProductId>) =>
      sql<{ readonly product_id: ProductId; readonly price_cents: number }>`
        SELECT id AS product_id, price_cents::int AS price_cents FROM inventory.products
        WHERE id = ANY(${ids}::uuid[])`.pipe(Effect.orDie)

    return { insert, bySku, byId, after, prices } as const
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}
