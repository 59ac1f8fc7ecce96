import { type Cause, Context, Effect, Exit, Request, RequestResolver, Semaphore, Tracer } from "effect"
import { isDatabaseAway } from "./database.ts"

interface Ask<In, Out, E> extends Request.Request<Out, E> {
  readonly item: In
}

export interface GroupSettings {
  /** The most items one set takes. */
  readonly size_max: number
  /** Sets under way at the same time. The fewer, the larger they grow under load. */
  readonly turns: number
  /** How long the first of a set waits for others, in milliseconds. */
  readonly gather_millis?: number
}

/** The more come while a set is under way, the larger the next one: fewest statements, and nothing waits in between. */
export const ONE_SET_AT_A_TIME: GroupSettings = { size_max: 64, turns: 1 }

const databaseAway = (cause: Cause.Cause<unknown>) =>
  cause.reasons.some((reason) => isDatabaseAway(reason._tag === "Die" ? reason.defect : undefined))

/**
 * Makes of a function over sets one over single items, as a database's group commit does: whoever asks while all turns are
 * taken becomes part of the next set, so that nobody waits when there is little to do, and sets grow with the load.
 * `run` answers in the order of its items. When a set fails, each of its items is tried by itself, so that one that cannot
 * be done does not take its neighbours with it; unless the database is away, which it is for all.
 */
export const grouped = <In, Out, E>(
  settings: GroupSettings,
  run: (items: ReadonlyArray<In>) => Effect.Effect<ReadonlyArray<Out>, E>
) =>
  Effect.gen(function*() {
    const turns = yield* Semaphore.make(settings.turns)
    const ask = Request.of<Ask<In, Out, E>>()
    const gather = settings.gather_millis === undefined ? Effect.yieldNow : Effect.sleep(settings.gather_millis)
    type Entries = ReadonlyArray<Request.Entry<Ask<In, Out, E>>>

    const answer = (entries: Entries): Effect.Effect<void> =>
      Effect.exit(run(entries.map(({ request }) => request.item))).pipe(Effect.flatMap((exit) => {
        if (Exit.isFailure(exit) && entries.length > 1 && !databaseAway(exit.cause)) {
          return Effect.forEach(entries, (entry) => answer([entry]), { concurrency: "unbounded", discard: true })
        }
        return Effect.sync(() => {
          for (const [i, entry] of entries.entries()) entry.completeUnsafe(Exit.map(exit, (outs) => outs[i]!))
        })
      }))

    const resolver = RequestResolver.makeWith<Ask<In, Out, E>>({
      batchKey: () => run,
      // Those that ask in the same breath are together even when a turn is free.
      delay: Effect.andThen(gather, turns.withPermit(Effect.void)),
      collectWhile: (entries) => entries.size < settings.size_max,
      // What is done for all belongs to nobody's trace; each has a span of his own around his question.
      runAll: (entries) => Effect.updateContext(turns.withPermit(answer(entries)), Context.omit(Tracer.ParentSpan))
    })
    return (item: In): Effect.Effect<Out, E> => Effect.request(ask({ item }), resolver)
  })
