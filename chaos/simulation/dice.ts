import { seededRandom } from "@surety/platform/seeded-random"

/** Chance from a seed: the same seed throws the same dice, on every machine. */
export class Dice {
  /** A number in [0, 1). */
  readonly roll: () => number
  constructor(seed: number) {
    this.roll = seededRandom(seed)
  }

  /** Whole, from `from` to `to`, both of them possible. */
  readonly between = (from: number, to: number): number => from + Math.floor(this.roll() * (to - from + 1))
  readonly happens = (share: number): boolean => this.roll() < share
  readonly oneOf = <A>(choices: ReadonlyArray<A>): A => choices[Math.floor(this.roll() * choices.length)]!
  readonly bytes = (size: number): Uint8Array => Uint8Array.from({ length: size }, () => this.between(0, 255))

  /** Dice of their own, so that one who throws more often does not change what others throw. */
  readonly another = (): Dice => new Dice(Math.floor(this.roll() * 4_294_967_296))
}
