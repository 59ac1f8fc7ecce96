import { simulatorControl } from "@surety/provider-simulator/control-client"
import { Effect } from "effect"
import type { Storm } from "./storm.ts"

/** What the storm is about: ten minutes without a word from the provider. */
const DARK_SECONDS = 600
/** Only patience is compressed: what came in the dark is to be done in half a minute, at a machine's real pace. */
const ORDERS_A_SECOND = 50

/** The unit of patience is a second in production. Here it is as much shorter as the darkness is. */
const unitFor = (seconds: number) => `${Math.max(1, Math.round(1000 * seconds / DARK_SECONDS))}`

/** Longer than the edge's patience with an authorization, far shorter than the orchestrator's with a capture. */
export const providerDark: Storm = {
  name: "provider-dark",
  says: "the provider answers nothing for 10 minutes; time is compressed, the unit of patience with it (30 s: 20-fold)",
  seconds: { short: 3, full: 30 },
  blow: ({ cluster, customers, seconds }) =>
    Effect.gen(function*() {
      const provider = simulatorControl(cluster.simulator)
      const { "edge-api": edge, orchestrator } = cluster.nodes
      const unit = unitFor(seconds)
      yield* Effect.forEach(
        [edge, orchestrator],
        (node) => node.restartWith({ EDGE_RETRY_UNIT_MILLIS: unit, SAGA_RETRY_UNIT_MILLIS: unit }),
        { concurrency: 2, discard: true }
      )
      const crowd = yield* customers({ pace: { a_second: ORDERS_A_SECOND } })
      const before = (yield* provider.totals).operations
      yield* provider.behave({ dark: true })
      yield* Effect.sleep(seconds * 1000)
      const unanswered = (yield* cluster.link("payment->provider").hits).reduce((sum, { count }) => sum + count, 0)
      const answered = (yield* provider.totals).operations - before
      yield* provider.behave({ dark: false })
      return {
        customers: crowd,
        injected: { "requests to the provider while it was dark": unanswered },
        tells: `${seconds} s of darkness stand for ${DARK_SECONDS} s: one unit of patience is ${unit} ms, ` +
          `not 1,000; ${answered} operations were under way when the light went`
      }
    })
}
