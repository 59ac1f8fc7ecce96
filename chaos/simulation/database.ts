import { Effect } from "effect"
import { SqlError } from "effect/sql"
import { drawFault, type Plan } from "./fault-plan.ts"
import type { Hits } from "./hits.ts"
import type { Process } from "./process.ts"
import type { World } from "./world.ts"

const DELAY_MAX_MILLIS = 4_000

const lost = () =>
  new SqlError.SqlError({ reason: new SqlError.ConnectionError({ cause: new Error("the connection is lost") }) })

/**
 * The database of the simulation: what a statement does it does at once and as a whole, at a moment between its question and its
 * answer, whether or not who asked is still there; and either may be lost on the way.
 */
export class Database {
  troubled = true
  away = false
  private readonly world: World
  private readonly plan: Plan
  private readonly hits: Hits

  constructor(world: World, plan: Plan, hits: Hits) {
    this.world = world
    this.plan = plan
    this.hits = hits
  }

  readonly statement = <A>(process: Process, what: string, run: () => A): Effect.Effect<A, SqlError.SqlError> =>
    Effect.callback((resume) => {
      const { world } = this
      const here = process.inThisLife()
      const fault = this.troubled ? drawFault(this.plan.database, world.dice) : undefined
      if (fault !== undefined) this.hits.count(what, fault)
      const latency = () => world.dice.roll() * 3 + (fault === "delay" ? world.dice.between(1, DELAY_MAX_MILLIS) : 0)
      const answer = (effect: Effect.Effect<A, SqlError.SqlError>) =>
        void world.after(latency(), () => here(() => resume(effect)))
      world.after(latency(), () => {
        if (fault === "lost_before" || this.away) return answer(Effect.fail(lost()))
        const result = run()
        world.tell(process.name, `${what} ${fault ?? ""} ${JSON.stringify(result) ?? ""}`)
        answer(fault === "lost_after" ? Effect.fail(lost()) : Effect.succeed(result))
      })
    })
}
