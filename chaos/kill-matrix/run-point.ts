import { Effect, Fiber, Option } from "effect"
import type { Cluster } from "../cluster/cluster.ts"
import { orderOf } from "../cluster/mixed-orders.ts"
import { order } from "../cluster/one-request.ts"
import { healed } from "../cluster/verdict.ts"
import type { Point } from "./points.ts"
import { keepResolverAway, type Scene, standingOf, untilStanding } from "./scene.ts"

/** A cluster and whoever looks at its books. */
export interface Site {
  readonly cluster: Cluster
  /** What is wrong in them by now, and was not before. */
  readonly books: Effect.Effect<ReadonlyArray<string>>
}

/** What became of one order at whose way somebody was killed. */
export interface Outcome {
  readonly point: Point
  /** The moment came, and the process was killed in it. */
  readonly hit: boolean
  /** From the kill to the end of the order. */
  readonly seconds: number | undefined
  /** What was not as it must be. */
  readonly complaints: ReadonlyArray<string>
}

const HIT_LIMIT = "20 seconds"
const CUSTOMER = { answer_seconds: 3, order_seconds: 30 }
/** An order ends within so long of the kill. */
const END_LIMIT = "30 seconds"

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/**
 * Time is compressed, and the start of a process is not. The resolver's budget, twelve minutes in production, is two
 * seconds here: so that payment does not come back too late, its time stands still meanwhile.
 */
const whileAway = (cluster: Cluster, { victim }: Point, away: boolean) =>
  victim === "payment" ? keepResolverAway({ cluster }, away) : Effect.void

/** Arms the point. Succeeds with the process that died in it, once one has; 0 if none ran. */
const arm = (point: Point, cluster: Cluster, isOver: () => boolean) => {
  const { link, match, moment, victim } = point
  const node = cluster.nodes[victim]
  let struck = 0
  const act = Effect.suspend(() => {
    struck = node.running() ? node.pid() : 0
    return Effect.andThen(whileAway(cluster, point, true), node.kill)
  })
  const trigger = cluster.link(link).trigger({
    match: (exchange) => !isOver() && match(exchange),
    moment,
    act,
    afterwards: "drop"
  })
  return Effect.map(trigger, (hit) => Effect.map(hit, () => struck))
}

const deathOf = (victim: string, pid: number): ReadonlyArray<string> =>
  pid === 0 ? [`${victim} did not run when its time came`] : isAlive(pid) ? [`${victim}, process ${pid}, lives on`] : []

/** How the order stands once it has ended, or should have. */
const endOf = Effect.fnUntraced(function*(scene: Scene, { journey: { ends } }: Point) {
  yield* Effect.timeoutOption(untilStanding(scene, ({ ended }) => ended), END_LIMIT)
  const end = yield* standingOf(scene)
  const isRight = end?.ended === true && end.status === ends
  return isRight ? [] : [`stands ${JSON.stringify(end)} instead of at ${ends}`]
})

/** Sends an order on the point's journey, kills the victim in the point, starts it again, and looks at what became of it all. */
export const runPoint = ({ books, cluster }: Site, point: Point, n: number): Effect.Effect<Outcome> =>
  Effect.gen(function*() {
    const { journey, victim } = point
    const scene: Scene = { cluster, key: `point-${n}` }
    const body = JSON.stringify(orderOf(n, { token: journey.token }))
    const asking = Effect.promise(() => order(cluster.edge, scene.key, body, CUSTOMER))
    let isOver = false
    yield* Effect.addFinalizer(() => Effect.sync(() => void (isOver = true)))

    if (journey.prepare !== undefined) yield* journey.prepare(scene)
    const early = journey.onward === undefined ? yield* arm(point, cluster, () => isOver) : undefined
    const customer = yield* Effect.forkScoped(asking)
    if (early === undefined) yield* Fiber.join(customer)
    const hit = early ?? (yield* arm(point, cluster, () => isOver))
    if (journey.onward !== undefined) yield* journey.onward(scene)

    const pid = yield* Effect.timeoutOption(hit, HIT_LIMIT)
    const begun = performance.now()
    if (Option.isNone(pid)) return { point, hit: false, seconds: undefined, complaints: ["was never hit"] }
    const alive = deathOf(victim, pid.value)
    yield* Effect.andThen(cluster.nodes[victim].start, whileAway(cluster, point, false))
    const { answer } = yield* Fiber.join(customer)
    const wrongEnd = yield* endOf(scene, point)
    const seconds = (performance.now() - begun) / 1000
    const again = yield* asking
    const answers = answer !== undefined && again.answer?.text === answer.text
      ? []
      : [`answered first ${answer?.text}, then ${again.answer?.text}`]
    return { point, hit: true, seconds, complaints: [...alive, ...wrongEnd, ...answers, ...(yield* books)] }
  }).pipe(Effect.scoped, Effect.ensuring(healed(cluster)))
