/** How the provider feels at the moment: the settings it started with, as changed since through the control API. */
import { setTimeout as sleep } from "node:timers/promises"
import { type Behaviour, parseToken, wellBehaved } from "./behaviour.ts"
import { type Dice, type FailureRates, seededDice } from "./failure-rates.ts"

/** No delay is longer than an hour. */
export const MILLIS_MAX = 3_600_000

export interface Mood {
  readonly latency_millis: number
  readonly jitter_millis: number
  readonly slow_millis: number
  /** How long a connection without an answer is held open before it is cut. */
  readonly timeout_millis: number
  readonly failure_rates: FailureRates
  readonly seed: number
  /** Stripe stores the 500s of what it began to execute, and gives them again; `false` stores the good answer. */
  readonly replays_500: boolean
  /** Nothing of the API is answered at all. */
  readonly dark: boolean
  /** Token by token: behave as that other token would. */
  readonly tokens: Readonly<Record<string, string>>
}

export class Temper {
  readonly #first: Mood
  #mood: Mood
  #dice: Dice

  constructor(mood: Mood) {
    this.#first = mood
    this.#mood = mood
    this.#dice = seededDice(mood.seed)
  }

  get mood(): Mood {
    return this.#mood
  }

  get dice(): Dice {
    return this.#dice
  }

  /** Takes over what is given; `null` puts a field back to what the simulator started with. */
  change(wishes: { readonly [field in keyof Mood]?: Mood[field] | null | undefined }): Mood {
    const next: Record<string, unknown> = { ...this.#mood }
    for (const [field, wish] of Object.entries(wishes)) {
      if (wish !== undefined) next[field] = wish ?? this.#first[field as keyof Mood]
    }
    this.#mood = next as unknown as Mood
    if (wishes.seed !== undefined) this.#dice = seededDice(this.#mood.seed)
    return this.#mood
  }

  behaviourOf(token: string | null): Behaviour {
    if (token === null) return wellBehaved
    return parseToken(this.#mood.tokens[token] ?? token) ?? wellBehaved
  }

  /** The journey to the provider and back, which every request makes. */
  async travel(): Promise<void> {
    const { jitter_millis, latency_millis } = this.#mood
    const millis = latency_millis + (jitter_millis === 0 ? 0 : jitter_millis * this.#dice.roll())
    if (millis > 0) await sleep(millis)
  }
}
