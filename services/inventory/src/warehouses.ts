import type { CreateWarehouse } from "@surety/contracts/inventory-api"
import { WarehouseCodeTaken } from "@surety/contracts/problems"
import { WarehouseId } from "@surety/domain/ids"
import { Effect } from "effect"
import { newId } from "./new-id.ts"
import { WarehouseStore } from "./warehouse-store.ts"

/** Opens a warehouse. The first of all is the default one: it serves orders whose place is not known. */
export const createWarehouse = Effect.fn("createWarehouse")(function*(input: CreateWarehouse) {
  const store = yield* WarehouseStore
  const warehouse = { id: WarehouseId.make(yield* newId), ...input }
  // The second try is for the one that lost the race to be the first of all.
  const created = (yield* store.insert(warehouse)) ?? (yield* insertUnlessTaken(warehouse))
  return created ?? (yield* new WarehouseCodeTaken({ code: input.code, detail: `${input.code} is taken` }))
})

const insertUnlessTaken = Effect.fnUntraced(function*(warehouse: CreateWarehouse & { readonly id: WarehouseId }) {
  const store = yield* WarehouseStore
  return (yield* store.byCode(warehouse.code)) === undefined ? yield* store.insert(warehouse) : undefined
})

export const listWarehouses = Effect.map(WarehouseStore.use((store) => store.all), (warehouses) => ({ warehouses }))
