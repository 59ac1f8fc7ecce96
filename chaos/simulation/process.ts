import { Clock, Context, Duration, Effect, type Exit, type Fiber, Logger, Random, References, Scheduler } from "effect"
import { SecureRandom } from "effect/crypto"
import type { Dice } from "./dice.ts"
import type { World } from "./world.ts"

/** A fiber gives way after so many operations, as it does in life. */
const OPERATIONS_A_TURN = 2048
const NANOS_A_MILLI = 1_000_000n

/**
 * A process of the simulation. Everything in it runs on its scheduler and by its clock, so it needs no cooperation to be
 * killed (what was to run never runs, not even a finalizer), paused (it runs later, and does not know), or given a wrong clock.
 */
export class Process {
  readonly name: string
  readonly context: Context.Context<SecureRandom.SecureRandom>
  private readonly world: World
  private life = 0
  private paused = false
  private tasks: Array<() => void> = []
  /** What must happen to others when this process dies: connections that break. */
  private readonly mourners = new Set<() => void>()
  /** How far the process' clock is off, in milliseconds. */
  skew_millis = 0
  alive = true

  constructor(world: World, name: string, dice: Dice) {
    this.world = world
    this.name = name
    world.join({ hasWork: () => this.tasks.length > 0 && !this.paused, work: () => this.tasks.shift()!() })
    this.context = Context.make(SecureRandom.SecureRandom, SecureRandom.make(dice.bytes)).pipe(
      Context.add(Scheduler.Scheduler, this.scheduler()),
      Context.add(Clock.Clock, this.clock()),
      Context.add(Random.Random, {
        nextDoubleUnsafe: dice.roll,
        nextIntUnsafe: () => dice.between(0, 4_294_967_295)
      }),
      Context.add(References.MinimumLogLevel, "None"),
      Context.add(References.TracerEnabled, false),
      Context.add(Logger.CurrentLoggers, new Set())
    ) as Context.Context<SecureRandom.SecureRandom>
  }

  private scheduler(): Scheduler.Scheduler {
    return {
      executionMode: "async",
      shouldYield: (fiber) => fiber.currentOpCount >= OPERATIONS_A_TURN,
      makeDispatcher: () => ({ scheduleTask: (task) => this.soon(task), flush: () => {} })
    }
  }

  private clock(): Clock.Clock {
    const millis = () => this.world.now + this.skew_millis
    const nanos = () => BigInt(Math.floor(millis())) * NANOS_A_MILLI
    return {
      currentTimeMillisUnsafe: millis,
      currentTimeMillis: Effect.sync(millis),
      currentTimeNanosUnsafe: nanos,
      currentTimeNanos: Effect.sync(nanos),
      // A clock that is set does not change how long anything takes.
      monotonicTimeNanosUnsafe: () => BigInt(Math.floor(this.world.now)) * NANOS_A_MILLI,
      monotonicTimeNanos: Effect.sync(() => BigInt(Math.floor(this.world.now)) * NANOS_A_MILLI),
      sleep: (duration) =>
        Effect.callback((resume) => {
          const here = this.inThisLife()
          const cancel = this.world.after(Duration.toMillis(duration), () => here(() => resume(Effect.void)))
          return Effect.sync(cancel)
        })
    }
  }

  private soon(task: () => void): void {
    if (this.alive) this.tasks.push(task)
  }

  /** What comes from outside is done by this process in its turn; if it has died since this was called, never. */
  readonly inThisLife = (): (task: () => void) => void => {
    const { life } = this
    return (task) => {
      if (this.life === life) this.soon(task)
    }
  }

  /** Runs an effect on its own; the answer interrupts it. */
  readonly run = <A, E>(
    effect: Effect.Effect<A, E, SecureRandom.SecureRandom>,
    done: (exit: Exit.Exit<A, E>) => void = () => {}
  ): () => void => {
    let fiber: Fiber.Fiber<A, E> | undefined
    const here = this.inThisLife()
    here(() => {
      fiber = Effect.runForkWith(this.context)(effect)
      fiber.addObserver(done)
    })
    return () => here(() => fiber?.interruptUnsafe())
  }

  /** Calls when this life ends; the answer takes that back. */
  readonly whenItDies = (mourn: () => void): () => void => {
    this.mourners.add(mourn)
    return () => void this.mourners.delete(mourn)
  }

  readonly kill = (): void => {
    this.alive = false
    this.paused = false
    this.life += 1
    this.tasks = []
    const mourners = [...this.mourners]
    this.mourners.clear()
    for (const mourn of mourners) mourn()
  }
  readonly live = (): void => {
    this.alive = true
  }
  readonly pause = (): void => {
    this.paused = true
  }
  readonly resume = (): void => {
    this.paused = false
  }
}
