// Places an order for each way that an order can end and draws every journey as it happens. Needs a running stack:
// `npm start` in another terminal, or `docker compose up`. Exits 1 if an order ends otherwise than it should.
import { httpClient } from "@surety/platform/http-client"
import { runProgram } from "@surety/platform/run-service"
import { Data, Effect, Schedule } from "effect"
import { connectStack, type Stack } from "./demo/connect-stack.ts"
import { drawEnded, drawLost, drawSummary, drawUnderWay, duration } from "./demo/draw-journey.ts"
import { followOrder, type Sighting } from "./demo/follow-order.ts"
import { complaintsAbout } from "./demo/judge-end.ts"
import { openScreen } from "./demo/screen.ts"
import { stories, type Story } from "./demo/stories.ts"

/** Orders are driven in sets, and a set waits for its slowest: the first story, the slow one, shall be in one alone. */
const HEAD_START_MILLIS = 1_000
/** Slow enough to read along, quick enough that several are under way at a time. */
const BETWEEN_STARTS_MILLIS = 300
const FRAME = "60 millis"

class UnexpectedEnd extends Data.TaggedError("UnexpectedEnd")<{ readonly message: string }> {}

/** Follows one story's order to its end: whether that is the end it should have, and how it is told. */
const tell = (stack: Stack, story: Story, see: (sighting: Sighting) => void) =>
  followOrder(stack, story, see).pipe(
    Effect.map((ended) => {
      const complaints = complaintsAbout(story, ended, stack.nameOf)
      return { story, good: complaints.length === 0, lines: drawEnded(story, ended, complaints, stack.nameOf) }
    }),
    Effect.catch((error) => Effect.succeed({ story, good: false, lines: drawLost(story, error.message) }))
  )

const program = Effect.gen(function*() {
  const stack = yield* connectStack
  const screen = yield* openScreen
  const started = Date.now()
  const underWay = new Map<Story, { readonly since: number; readonly sighting?: Sighting }>()
  /** What has been told stays; below it, the orders under way. */
  const draw = (told: ReadonlyArray<string> = []) => {
    const now = Date.now()
    screen.draw(told, [...underWay].flatMap(([story, at]) => drawUnderWay(story, at.sighting, now - at.since)))
  }

  draw(["", `${stories.length} orders, side by side:`, ""])
  yield* Effect.forkScoped(Effect.repeat(Effect.sync(draw), Schedule.spaced(FRAME)))
  const ends = yield* Effect.forEach(
    stories,
    Effect.fnUntraced(function*(story, index) {
      yield* Effect.sleep(index === 0 ? 0 : HEAD_START_MILLIS + index * BETWEEN_STARTS_MILLIS)
      const since = Date.now()
      underWay.set(story, { since })
      const end = yield* tell(stack, story, (sighting) => underWay.set(story, { since, sighting }))
      underWay.delete(story)
      draw(end.lines)
      return end
    }),
    { concurrency: "unbounded" }
  )

  draw(drawSummary(ends, stack.nameOf))
  const bad = ends.filter(({ good }) => !good).length
  if (bad > 0) return yield* new UnexpectedEnd({ message: `${bad} of ${ends.length} orders ended otherwise.` })
  draw([`All ${ends.length} orders ended as they should, in ${duration(Date.now() - started)}.`])
})

runProgram(
  program.pipe(
    Effect.scoped,
    Effect.tapError(({ message }) => Effect.sync(() => console.error(message))),
    Effect.provide(httpClient)
  )
)
