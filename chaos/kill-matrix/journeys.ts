import { Effect, type Scope } from "effect"
import { keepResolverAway, pauseClaiming, releaseByHand, type Scene, turnBackByHand } from "./scene.ts"
import type { Spot } from "./statements.ts"
import { orchestratorWrites, request } from "./statements.ts"

export type End = "COMPLETED" | "FAILED" | "AUTHORIZATION_FAILED"

/** A way that an order can go, and what must happen around it so that it does. */
export interface Journey {
  readonly name: string
  readonly token: string
  /** Where it ends, whoever is killed on the way. */
  readonly ends: End
  /** Before the order is sent. */
  readonly prepare?: (scene: Scene) => Effect.Effect<void, never, Scope.Scope>
  /** Once the customer has his answer; points of such a journey lie behind that, and are armed only then. */
  readonly onward?: (scene: Scene) => Effect.Effect<void, never, Scope.Scope>
}

const AUTHORIZATIONS = "POST /payments/authorizations/batch"

const on = ({ cluster }: Scene, { link, match }: Spot) => ({ proxy: cluster.link(link), match })

export const completed: Journey = { name: "completed", token: "tok_visa_success", ends: "COMPLETED" }

/** The capture is refused: stock, order and hold are undone. */
export const refused: Journey = { name: "capture refused", token: "tok_capture_refused", ends: "FAILED" }

/** The provider does what it is asked and loses two answers, so that the resolver asks twice. */
export const unanswered: Journey = {
  name: "authorization unanswered",
  token: "tok_authorize_reset_after_x2",
  ends: "COMPLETED"
}

/** No authorization ever reaches payment, which the edge cannot know: past its budget the resolver closes the door with a void. */
export const unheard: Journey = {
  name: "authorization unheard",
  token: "tok_visa_success",
  ends: "AUTHORIZATION_FAILED",
  prepare: ({ cluster }) =>
    cluster.link("edge-api->payment").suffer({ blackhole: 1 }, { only: ({ what }) => what === AUTHORIZATIONS })
}

/** The edge dies with the request in its hand, its resolver is kept away, and the customer's repetition takes over. */
export const takenOver: Journey = {
  name: "taken over",
  token: "tok_visa_success",
  ends: "COMPLETED",
  prepare: Effect.fnUntraced(function*(scene) {
    yield* keepResolverAway(scene, true)
    const edge = scene.cluster.nodes["edge-api"]
    const { match, proxy } = on(scene, request("edge-api->payment", AUTHORIZATIONS))
    const killed = yield* proxy.trigger({ match, moment: "before_forwarding", act: edge.kill, afterwards: "drop" })
    yield* Effect.forkScoped(Effect.andThen(killed, edge.start))
  })
}

/** The order waits until the claim that takes it is on its way. */
export const claimed: Journey = {
  name: "claimed",
  token: "tok_visa_success",
  ends: "COMPLETED",
  prepare: (scene) => pauseClaiming(scene, true),
  onward: (scene) => {
    const { match, proxy } = on(scene, orchestratorWrites.claim)
    return Effect.asVoid(
      proxy.trigger({ match, moment: "before_forwarding", act: pauseClaiming(scene, false) })
    )
  }
}

/** Its stock is lost after the capture, it parks, and an operator turns it back: the money is given back. */
export const turnedBack: Journey = {
  name: "turned back",
  token: "tok_visa_success",
  ends: "FAILED",
  prepare: Effect.fnUntraced(function*(scene) {
    const { match, proxy } = on(scene, request("orchestrator->payment", "POST /payments/captures/batch"))
    yield* Effect.asVoid(proxy.trigger({ match, moment: "answer_withheld", act: releaseByHand(scene) }))
  }),
  onward: (scene) => Effect.asVoid(Effect.forkScoped(turnBackByHand(scene)))
}
