import { httpCall } from "@surety/testkit/http-call"
import { Effect, Schedule } from "effect"
import type { Cluster } from "../cluster/cluster.ts"
import { edgeWrites } from "./statements.ts"

/** One order on a cluster that has no other under way. */
export interface Scene {
  readonly cluster: Cluster
  /** Its idempotency key. */
  readonly key: string
}

export interface Standing {
  readonly id: string
  readonly status: string
  readonly parked: boolean
  readonly ended: boolean
}

/** The order as it stands in the ledger; undefined as long as no edge has written it down. */
export const standingOf = ({ cluster, key }: Scene): Effect.Effect<Standing | undefined> =>
  cluster.sql<Standing>`
    SELECT id, status, parked_at IS NOT NULL AS parked, id NOT IN (SELECT order_id FROM ledger.due) AS ended
    FROM ledger.all_entries WHERE idempotency_key = ${key}`.pipe(Effect.map((rows) => rows[0]), Effect.orDie)

/** Looks at the order until it stands so. */
export const untilStanding = (scene: Scene, wanted: (standing: Standing) => boolean): Effect.Effect<Standing> =>
  standingOf(scene).pipe(
    Effect.repeat({
      until: (standing) => standing !== undefined && wanted(standing),
      schedule: Schedule.spaced("20 millis")
    }),
    Effect.map((standing) => standing!)
  )

/** No orchestrator claims anything from the next claim on; or they do again. */
export const pauseClaiming = ({ cluster }: Scene, paused: boolean): Effect.Effect<void> =>
  Effect.orDie(Effect.asVoid(cluster.sql`UPDATE ledger.claiming SET paused = ${paused}`))

/** The edge's resolver gets hold of no order any more; or it does again. */
export const keepResolverAway = ({ cluster }: Pick<Scene, "cluster">, away: boolean): Effect.Effect<void> => {
  const { link, match } = edgeWrites.claimUnresolved
  return cluster.link(link).suffer(away ? { reset_before: 1 } : {}, { only: match })
}

/** Somebody takes the order's stock away behind the saga's back, so that its commitment will be refused. */
export const releaseByHand = (scene: Scene): Effect.Effect<void> =>
  Effect.flatMap(
    untilStanding(scene, () => true),
    ({ id }) => Effect.asVoid(httpCall("DELETE", `${scene.cluster.direct.inventory}/reservations/${id}`))
  )

const called = (url: string, body: object) => Effect.ignoreCause(httpCall("POST", url, body))

/** Waits until the order is parked and turns it back, as often as it takes until that has been heard. */
export const turnBackByHand = (scene: Scene): Effect.Effect<void> =>
  Effect.flatMap(
    untilStanding(scene, ({ parked }) => parked),
    ({ id }) =>
      called(`${scene.cluster.direct.orchestrator}/sagas/${id}/compensate`, { note: "turned back by the kill matrix" })
        .pipe(
          Effect.andThen(standingOf(scene)),
          Effect.repeat({ until: (standing) => standing?.parked === false, schedule: Schedule.spaced("100 millis") }),
          Effect.asVoid
        )
  )
