import { type Cause, Data, Effect, Exit, Queue, Stream } from "effect"
import type { SecureRandom } from "effect/crypto"
import { drawFault, type LinkFault, type Plan } from "./fault-plan.ts"
import type { Hits } from "./hits.ts"
import type { Process } from "./process.ts"
import type { World } from "./world.ts"

/** No answer: nothing is known of what became of the request. */
export class LinkBroken extends Data.TaggedError("LinkBroken")<{ readonly what: string }> {}

const DELAY_MAX_MILLIS = 6_000
const broken = (what: string) => Exit.fail(new LinkBroken({ what }))

type Serve<A, E, Line> = (emit: (line: Line) => void) => Effect.Effect<A, E, SecureRandom.SecureRandom>

/** Carries requests and answers between processes, and loses, delays, repeats and holds them back as planned. */
export class Network {
  troubled = true
  private readonly world: World
  private readonly plan: Plan
  private readonly hits: Hits

  constructor(world: World, plan: Plan, hits: Hits) {
    this.world = world
    this.plan = plan
    this.hits = hits
  }

  private fault(what: string): LinkFault | undefined {
    const fault = this.troubled ? drawFault(this.plan.link, this.world.dice) : undefined
    if (fault !== undefined) this.hits.count(what, fault)
    return fault
  }
  private latency(fault: LinkFault | undefined): number {
    return this.world.dice.roll() * this.plan.latency_millis +
      (fault === "delay" ? this.world.dice.between(1, DELAY_MAX_MILLIS) : 0)
  }

  /** One request and its answer. `lines` that come before the end of the answer are heard in their order. */
  private readonly exchange = <A, E, Line>(
    from: Process,
    to: Process,
    what: string,
    serve: Serve<A, E, Line>,
    hear: (line: Line) => void
  ): Effect.Effect<A, E | LinkBroken> =>
    Effect.callback((resume) => {
      const { world } = this
      const here = from.inThisLife()
      const fault = this.fault(what)
      let heardAt = world.now
      let deaf = fault === "hang_before" || fault === "lost_before"
      const soon = (run: () => void) => {
        heardAt = Math.max(heardAt, world.now + this.latency(fault))
        world.after(heardAt - world.now, () => here(run))
      }
      const answer = (exit: Exit.Exit<A, E | LinkBroken>) => {
        const lost = fault === "lost_after" && Exit.isSuccess(exit) ? broken(what) : exit
        world.tell(
          from.name,
          `${what} ${fault ?? ""} ${Exit.isSuccess(lost) ? JSON.stringify(lost.value) ?? "" : "no answer"}`
        )
        if (fault !== "hang_after") soon(() => resume(lost))
      }
      const emit = (line: Line) => {
        // Where the answer will be lost, it may be lost from anywhere on.
        deaf = deaf || ((fault === "lost_after" || fault === "hang_after") && world.dice.happens(0.5))
        if (!deaf) soon(() => hear(line))
      }
      let stop = () => {}
      const deliver = (reply: (exit: Exit.Exit<A, E | LinkBroken>) => void, tell: (line: Line) => void) => {
        if (!to.alive) return reply(broken(what))
        const unmourned = to.whenItDies(() => reply(broken(what)))
        stop = to.run(serve(tell), (exit) => {
          unmourned()
          // What a service cannot say in words it says as a 500, or by hanging up.
          reply(
            Exit.isSuccess(exit) || exit.cause.reasons.every((reason) => reason._tag === "Fail") ? exit : broken(what)
          )
        })
      }
      if (fault === "refuse") return soon(() => resume(broken(what)))
      if (fault === "lost_before") return soon(() => resume(broken(what)))
      if (fault === "hang_before") return
      world.after(this.latency(fault), () => deliver(answer, emit))
      if (fault === "duplicate") world.after(this.latency("delay"), () => deliver(() => {}, () => {}))
      // Who hangs up may stop what he asked for in the middle, or not.
      return Effect.sync(() => {
        if (world.dice.happens(0.5)) world.after(this.latency(undefined), stop)
      })
    })

  readonly call = <A, E>(
    from: Process,
    to: Process,
    what: string,
    serve: () => Effect.Effect<A, E, SecureRandom.SecureRandom>
  ): Effect.Effect<A, E | LinkBroken> => this.exchange<A, E, never>(from, to, what, serve, () => {})

  /** An answer line by line. */
  readonly stream = <Line>(
    from: Process,
    to: Process,
    what: string,
    serve: () => Stream.Stream<Line>
  ): Effect.Effect<Stream.Stream<Line, LinkBroken>> =>
    Effect.gen({ self: this }, function*() {
      const queue = yield* Queue.unbounded<Line, LinkBroken | Cause.Done>()
      yield* this.exchange<void, never, Line>(
        from,
        to,
        what,
        (emit) => Stream.runForEach(Stream.suspend(serve), (line) => Effect.sync(() => emit(line))),
        (line) => void Queue.offerUnsafe(queue, line)
      ).pipe(
        Effect.exit,
        Effect.flatMap((exit) =>
          Effect.sync(() => Exit.isSuccess(exit) ? Queue.endUnsafe(queue) : Queue.failCauseUnsafe(queue, exit.cause))
        ),
        Effect.forkChild
      )
      return Stream.fromQueue(queue)
    })
}
