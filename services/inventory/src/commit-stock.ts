import type { OrderId } from "@surety/domain/ids"
import { inTransaction } from "@surety/platform/database"
import { Effect } from "effect"
import { ReservationStore, type Settled } from "./reservation-store.ts"

/**
 * HELD becomes COMMITTED: the units leave the shelf. Committed again is done. A hold whose time is up can be committed as
 * long as nobody took its stock back. Answers how each order stands afterwards; no status: it was never reserved.
 */
export const commitStock = Effect.fn("commitStock")(
  function*(asked: ReadonlyArray<OrderId>) {
    const ids = [...new Set(asked)]
    const store = yield* ReservationStore
    yield* store.lockOrders(ids)
    const before = yield* store.settle(ids, "COMMITTED")
    return before.map((row): Settled => row.settled ? { ...row, status: "COMMITTED", expired: false } : row)
  },
  inTransaction,
  Effect.orDie
)
