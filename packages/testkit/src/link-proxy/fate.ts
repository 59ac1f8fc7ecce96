import { type Fault, faults, type Suffering, type Wire } from "./exchange.ts"
import { randomFrom } from "./seeded.ts"
import type { Request } from "./wire.ts"

/** What a link suffers at a time. */
export interface Regime extends Suffering {
  readonly shares: Partial<Record<Fault, number>>
}

export const HEALTHY: Regime = { shares: {} }

/** Some faults have no meaning for some requests, which then pass. */
const isPossible = (fault: Fault, wire: Wire, request: Request, isTransactionOpen: boolean): boolean => {
  if (fault === "duplicate") return request.copy !== undefined && !isTransactionOpen
  if (fault !== "swallow") return true
  return wire === "http" ? request.writes : request.commits || (request.writes && !isTransactionOpen)
}

const drawn = (random: number, shares: Regime["shares"]): Exclude<Fault, "refuse"> | undefined => {
  let left = random
  for (const fault of faults) {
    if (fault === "refuse") continue
    left -= shares[fault] ?? 0
    if (left < 0) return fault
  }
  return undefined
}

/**
 * Decides by the seed, by what is asked and by how often it has been asked before: so the same exchanges suffer the same,
 * whatever comes in between.
 */
export const seededFates = (wire: Wire, seed: number) => {
  const asked = new Map<string, number>()
  const randomOfNext = (what: string) => {
    const nth = asked.get(what) ?? 0
    asked.set(what, nth + 1)
    return randomFrom(seed, what, nth)
  }
  return {
    /** What befalls a request, if anything does, and the numbers by which it does. */
    ofRequest: (request: Request, isTransactionOpen: boolean, { shares }: Regime) => {
      const random = randomOfNext(request.what)
      const fault = drawn(random(), shares)
      return fault !== undefined && isPossible(fault, wire, request, isTransactionOpen) ? { fault, random } : undefined
    },
    isRefused: ({ shares }: Regime) => randomOfNext("connect")() < (shares.refuse ?? 0)
  }
}
