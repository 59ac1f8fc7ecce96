import { Deferred, Effect } from "effect"
import type { Passage, Plan } from "./connection.ts"
import type { Exchange, Moment, Trigger } from "./exchange.ts"

interface Armed extends Trigger {
  readonly hit: Deferred.Deferred<Exchange>
}

/** Acts, and tells who waits for it; what goes wrong in the act is told as well. */
const fire = Effect.fnUntraced(function*(trigger: Armed, exchange: Exchange, passage: Passage) {
  const acted = yield* Effect.exit(trigger.act)
  Deferred.doneUnsafe(trigger.hit, Effect.as(acted, exchange))
  if (trigger.afterwards !== "drop") return
  yield* passage.reset
  return yield* Effect.fail("gone" as const)
})

/** What is to be done at a moment of exchanges that have not come yet; each is done once. */
export const armedTriggers = () => {
  const armed = new Set<Armed>()

  /** Goes through an exchange moment by moment. What it does not live to see stays armed for the next one. */
  const planOf = (exchange: Exchange, bound: Set<Armed>): Plan => (passage) => {
    const reach = (moment: Moment) =>
      Effect.forEach(
        [...bound].filter((trigger) => trigger.moment === moment),
        (trigger) => {
          bound.delete(trigger)
          return fire(trigger, exchange, passage)
        },
        { discard: true }
      )
    return Effect.gen(function*() {
      yield* reach("before_forwarding")
      yield* passage.forward(passage.request.bytes)
      yield* reach("after_forwarding")
      const answer = yield* passage.answer
      yield* reach("answer_withheld")
      yield* passage.pass(answer)
      yield* reach("after_reply")
    }).pipe(Effect.ensuring(Effect.sync(() => bound.forEach((trigger) => armed.add(trigger)))))
  }

  return {
    isAny: () => armed.size > 0,
    arm: (trigger: Trigger) =>
      Effect.sync(() => {
        const hit = Deferred.makeUnsafe<Exchange>()
        armed.add({ ...trigger, hit })
        return Deferred.await(hit)
      }),
    /** The plan for an exchange that something waits for. */
    planOf: (exchange: Exchange): Plan | undefined => {
      const bound = new Set([...armed].filter(({ match }) => match(exchange)))
      for (const trigger of bound) armed.delete(trigger)
      return bound.size === 0 ? undefined : planOf(exchange, bound)
    }
  }
}
