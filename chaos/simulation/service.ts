import { Effect, type Scope } from "effect"
import type { SecureRandom } from "effect/crypto"
import type { Process } from "./process.ts"

/** A service of the simulation: a process, and what it serves from its start until it dies. */
export class Service<Handlers> {
  readonly process: Process
  private handlers: Handlers | undefined
  private readonly build: (life: number) => Effect.Effect<Handlers, never, SecureRandom.SecureRandom | Scope.Scope>
  private lives = 0

  constructor(
    process: Process,
    build: (life: number) => Effect.Effect<Handlers, never, SecureRandom.SecureRandom | Scope.Scope>
  ) {
    this.process = process
    this.build = build
  }

  readonly start = (): void => {
    this.handlers = undefined
    this.process.live()
    // What it does by itself goes on for as long as it lives; it is never asked to stop, only killed.
    const life = this.build(++this.lives).pipe(
      Effect.tap((handlers) => Effect.sync(() => void (this.handlers = handlers))),
      Effect.andThen(Effect.never),
      Effect.scoped
    )
    this.process.run(life, (exit) => {
      throw new Error(`${this.process.name} ended: ${JSON.stringify(exit)}`)
    })
  }

  /** Serves a request, as soon as it is up; before that it is a 503. */
  readonly serve = <A, E, R>(handle: (handlers: Handlers) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => this.handlers === undefined ? Effect.die(new Error("starting")) : handle(this.handlers))

  readonly current = (): Handlers | undefined => this.handlers
}
