import type { Effect } from "effect"
import type { Change, Standing } from "./decide.ts"

/** A row this worker holds under a lease. `fence` rises with every claim; a record with an older one writes nothing. */
export interface Claimed extends Standing {
  readonly id: string
  readonly fence: number
  /** How often a worker died or hung while it held this row. */
  readonly lease_expiries: number
  /** Why the saga turned back, if it did. */
  readonly reason: string | null
}

export interface Recording extends Change {
  readonly id: string
  readonly fence: number
  /** Whether this worker goes on with the row at once and so keeps, and renews, the lease. */
  readonly keep_lease: boolean
}

/** Where sagas are written down: the seam between the engine and a database. Implementations must use the database's clock. */
export interface Journal<Row extends Claimed, E> {
  /** Takes up to `limit` rows that are due and that nobody holds; two workers never get the same row. */
  readonly claim: (limit: number) => Effect.Effect<ReadonlyArray<Row>, E>
  /** Writes a set of changes in one transaction; answers the ids whose fence still held. */
  readonly record: (recordings: ReadonlyArray<Recording>) => Effect.Effect<ReadonlySet<string>, E>
}
