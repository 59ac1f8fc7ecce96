import type { Effect } from "effect"
import type { Stack } from "./stack-for-tests.ts"

/** Orders that ended well before claiming was paused, and a product there is enough of. */
export interface Scene {
  readonly stack: Stack
  readonly product: string
  readonly completed: () => string
}

/** A way to break the books, which answers the order it is about, and what has to be found of it. */
export interface Breakage {
  readonly found: ReadonlyArray<string>
  readonly made: (scene: Scene) => Effect.Effect<string, unknown>
}

export const repaired = (...kinds: ReadonlyArray<string>) => kinds.map((kind) => `${kind} REPAIRED`)
export const parked = (...kinds: ReadonlyArray<string>) => kinds.map((kind) => `${kind} PARKED`)
