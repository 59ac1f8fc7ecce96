import { forked } from "./forked.ts"
import type { WorkloadName } from "./names.ts"

interface LoadCommon {
  readonly url: string
  readonly workload: WorkloadName
  /** Makes the keys of this load unlike those of any other. */
  readonly run: string
  readonly seed: number
}

/** What the load generator is told to do. */
export type Load =
  & LoadCommon
  & (
    | { readonly loop: "closed"; readonly in_flight: number; readonly seconds: number }
    | { readonly loop: "open"; readonly rate: number; readonly seconds: number }
    | { readonly loop: "burst"; readonly count: number }
  )

/** What it saw, an answer at an index; times are in milliseconds since 1970, a status of 0 is a connection that broke. */
export interface Seen {
  readonly began: number
  readonly ended: number
  /** When each request was due. */
  readonly due: Float64Array
  readonly answered: Float64Array
  readonly statuses: Uint16Array
  /** The order that a 202 tells of, else empty. */
  readonly ids: ReadonlyArray<string>
  /** What broke connections. */
  readonly trouble: ReadonlyArray<string>
}

/** The load generator's process, for as long as the scope is open. */
export const loadGenerator = forked<Load, Seen>("load-generator.ts")
