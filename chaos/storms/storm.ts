import type { Effect, Scope } from "effect"
import type { Cluster } from "../cluster/cluster.ts"
import type { Custom, Customers } from "../cluster/customers.ts"
import type { PrivatePostgres } from "../cluster/private-postgres.ts"
import type { Check } from "../cluster/verdict-checks.ts"
import type { Verdict } from "../cluster/verdict.ts"

/** `short` shows in seconds that the storm is one and that it does no harm; `full` is what is asked for. */
export type Scale = "short" | "full"

/** What a storm may do its worst to. */
export interface Ground {
  readonly cluster: Cluster
  readonly postgres: PrivatePostgres
  /** The folder that PostgreSQL lives in, where the storm chose it. */
  readonly home: string | undefined
  readonly seed: number
  /** Numbers from 0 up to 1, by the seed. */
  readonly random: () => number
  readonly scale: Scale
  /** How long the storm lasts, where time is what ends it. */
  readonly seconds: number
  /** Customers with orders of every kind, at the edge, until they are told to stop; whatever is given is different. */
  readonly customers: (different?: Partial<Custom>) => Effect.Effect<Customers>
}

/** What a storm did. */
export interface Blown {
  readonly customers: Customers
  /** How often each fault was really injected. None of them may be 0. */
  readonly injected: Readonly<Record<string, number>>
  /** What must be so besides what the verdict says. */
  readonly checks?: ReadonlyArray<Check>
  /** The same of what can be seen only when everything has come to rest. */
  readonly afterwards?: Effect.Effect<ReadonlyArray<Check>>
  /** Figures of its own, for a person. */
  readonly tells?: string
}

export interface Storm {
  readonly name: string
  /** What it does, in a sentence. */
  readonly says: string
  readonly seconds?: Readonly<Record<Scale, number>>
  readonly parked_allowed?: boolean
  /** A folder for PostgreSQL to live in, or why this machine cannot have such a storm. */
  readonly home?: Effect.Effect<{ readonly folder: string } | { readonly skipped: string }, never, Scope.Scope>
  readonly blow: (ground: Ground) => Effect.Effect<Blown, never, Scope.Scope>
}

/** What came of a storm. */
export interface Weathered extends Verdict {
  readonly storm: string
  readonly scale: Scale
  readonly seed: number
  readonly injected: Readonly<Record<string, number>>
  readonly seconds: number
  readonly tells: string | undefined
}
