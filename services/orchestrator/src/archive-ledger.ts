import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { rarely } from "./rarely.ts"

export interface ArchiveSettings {
  /** How long after its end an entry stays where the living are. */
  readonly after_days: number
  readonly every_millis: number
  /** How long a copy and its original exist side by side; longer than any statement may take. */
  readonly overlap_millis: number
}

/** Entries moved at once: short transactions, and never more than a moment's work. */
const SET_SIZE = 1_000

/** Moves entries that ended long ago to the archive, for as long as the layer lives. One orchestrator at a time does it. */
export const archiveLedger = (settings: ArchiveSettings) =>
  Layer.effectDiscard(Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const archive = sql<{ copied: number; removed: number }>`
      SELECT copied, removed FROM ledger.archive_ended(
        now() - ${settings.after_days}::integer * interval '1 day', ${SET_SIZE}::integer,
        ${settings.overlap_millis}::integer * interval '1 millisecond')`
    // As long as there are full sets to move, the next one is not waited for.
    const moveAll = Effect.repeat(archive, {
      until: ([moved]) => moved === undefined || Math.max(moved.copied, moved.removed) < SET_SIZE
    })
    yield* Effect.forkScoped(rarely("archive", settings.every_millis, moveAll))
  }))
