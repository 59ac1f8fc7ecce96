import { createHash } from "node:crypto"
import { Dice } from "./dice.ts"

interface Timer {
  readonly at: number
  readonly order: number
  readonly run: () => void
  cancelled: boolean
}

/** How many of the last things that happened are told when something goes wrong. */
const REMEMBERED = 400
/** More steps than any run needs: one that takes them goes in circles. */
const STEPS_MAX = 3_000_000
/** A moment like any other, so that ids look as they do in life. */
const BEGINNING = Date.UTC(2030, 0, 1)

/** Something that has work to do now and then: a simulated process. */
export interface Actor {
  readonly hasWork: () => boolean
  readonly work: () => void
}

/**
 * Time, chance and what happens, in one thread and one loop: whatever can go on goes on, one thing after the other, in an order
 * that the dice choose among the processes; when nothing can, time jumps to the next timer. Nothing else moves anything, so that
 * a seed is a history.
 */
export class World {
  readonly dice: Dice
  private clock = BEGINNING
  private readonly timers: Array<Timer> = []
  private readonly actors: Array<Actor> = []
  private readonly hash = createHash("sha256")
  private readonly last: Array<string> = []
  private made = 0
  private steps = 0

  constructor(seed: number) {
    this.dice = new Dice(seed)
  }

  /** Milliseconds since 1970, as the database's clock has it. */
  get now(): number {
    return this.clock
  }
  /** Milliseconds since the beginning. */
  get age(): number {
    return this.clock - BEGINNING
  }

  readonly join = (actor: Actor): void => void this.actors.push(actor)

  /** Runs something later; the answer calls it off. */
  readonly after = (millis: number, run: () => void): () => void => {
    const timer: Timer = { at: this.clock + Math.max(0, Math.round(millis)), order: this.made++, run, cancelled: false }
    // The earliest is the last of the array; of those at the same moment, the one made first.
    this.timers.splice(this.placeOf(timer), 0, timer)
    return () => {
      timer.cancelled = true
    }
  }

  private placeOf(timer: Timer): number {
    let low = 0
    let high = this.timers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.timers[middle]!
      if (other.at > timer.at || (other.at === timer.at && other.order > timer.order)) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Writes down what happened. Two runs are the same when all of this is the same. */
  readonly tell = (who: string, what: string): void => {
    const line = `${this.age} ${who} ${what}`
    this.hash.update(line).update("\n")
    this.last.push(line)
    if (this.last.length > 2 * REMEMBERED) this.last.splice(0, REMEMBERED)
  }
  readonly traceHash = (): string => this.hash.copy().digest("hex").slice(0, 16)
  readonly lastLines = (count: number): ReadonlyArray<string> => this.last.slice(-count)

  /** Lets the world go on until a condition holds, or it has been going for so long. */
  readonly goOn = (until: () => boolean, millis: number): boolean => {
    const end = this.clock + millis
    while (!until()) {
      if (++this.steps > STEPS_MAX) throw new Error("the world goes in circles")
      const ready = this.actors.filter((actor) => actor.hasWork())
      if (ready.length > 0) {
        this.dice.oneOf(ready).work()
        continue
      }
      const timer = this.timers.pop()
      if (timer === undefined) return false
      if (timer.cancelled) continue
      if (timer.at > end) {
        this.timers.push(timer)
        this.clock = end
        return until()
      }
      this.clock = timer.at
      timer.run()
    }
    return true
  }
}
