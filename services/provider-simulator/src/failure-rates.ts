/** Random trouble on top of what tokens ask for: how often, of what kind, and reproducible by a seed. */
import { seededRandom } from "@surety/platform/seeded-random"
import { isMishap, type Mishap } from "./behaviour.ts"

/** A share of all writing requests (0..1) for every kind of mishap; `decline` is a share of authorizations. */
export type FailureRates = { readonly [kind in Mishap | "decline"]?: number }

/** Reads `timeout_after=0.01,500_before=0.02`; answers a sentence when it cannot. */
export const parseFailureRates = (text: string): FailureRates | string => {
  const rates: { [kind in Mishap | "decline"]?: number } = {}
  for (const pair of text.split(",").map((part) => part.trim()).filter((part) => part !== "")) {
    const [kind = "", share = ""] = pair.split("=")
    const rate = share === "" ? Number.NaN : Number(share)
    if (!isMishap(kind) && kind !== "decline") return `unknown kind of failure "${kind}"`
    if (!(rate >= 0 && rate <= 1)) return `the rate of "${kind}" must be between 0 and 1`
    rates[kind] = rate
  }
  const total = Object.entries(rates).reduce((sum, [kind, rate]) => kind === "decline" ? sum : sum + rate, 0)
  return total > 1 ? "the rates add up to more than 1" : rates
}

export interface Dice {
  /** A number in [0, 1). */
  readonly roll: () => number
}

/** The same seed makes the same trouble again. */
export const seededDice = (seed: number): Dice => ({ roll: seededRandom(seed) })

/** One roll decides among all kinds, so that the shares are exact and exclude one another. */
export const randomMishap = (rates: FailureRates, dice: Dice): Mishap | undefined => {
  let left = dice.roll()
  for (const [kind, rate] of Object.entries(rates)) {
    if (!isMishap(kind)) continue
    left -= rate
    if (left < 0) return kind
  }
  return undefined
}
