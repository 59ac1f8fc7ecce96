import { LISTED_MAX } from "@surety/contracts/provider-books-api"
import type { OrderId } from "@surety/domain/ids"
import { count } from "@surety/platform/telemetry/metrics"
import { Data, Duration, Effect, Stream } from "effect"
import type { SqlClient } from "effect/sql"
import { FindingsStore } from "./findings-store.ts"
import { Neighbours } from "./neighbours.ts"
import { makeCollectFacts, type OrderFacts } from "./reconcile-facts.ts"
import { ReconcileProgress, type Turn } from "./reconcile-progress.ts"
import { makeSuspects, type Place } from "./reconcile-suspects.ts"
import { seenIn, type Strays, verdictsOn } from "./reconcile-verdict.ts"

export interface LookSettings {
  readonly grace_millis: number
  readonly lease_millis: number
  readonly strays: Strays
}

/** After a pause so much is looked at like new; what is older is left to the round. */
const CATCH_UP_MILLIS = 5 * 60_000
/** The most payments of one slice of the round. */
const ROUND_SLICE = 2_000
const TRANSITIONS_AT_ONCE = 50
/** After so many orders that ended since the last look, this one goes on; the rest is for the next. */
const ENDED_MAX = 40_000
/** Orders that ended after their payment was looked at, and look well: so many a look are asked about all the same. */
const LATE_MAX = 64
/** Suspects that the provider said nothing about, and that are asked about again the next time. */
const CARRIED_MAX = 1_000

/** The provider's books could not be read to their end, or somebody else has taken over: nothing of it counts. */
export class LookBroken extends Data.TaggedError("LookBroken")<{ readonly detail: string }> {
  override get message() {
    return this.detail
  }
}

interface Stretch {
  readonly from: Date
  readonly before: Date
}

const secondsAfter = (moment: Date, seconds: number) => new Date(moment.getTime() + seconds * 1000)
const later = (a: Date, b: Date) => a > b ? a : b
const earlier = (a: Date, b: Date) => a < b ? a : b

/** Which orders are asked about, and by which payments at the provider; what comes twice is asked about once. */
const gathering = () => {
  const asked = new Map<OrderId, Set<string>>()
  const add = (id: OrderId, ...providerIds: ReadonlyArray<string>) => {
    const known = asked.get(id) ?? new Set()
    for (const one of providerIds) known.add(one)
    asked.set(id, known)
  }
  return { asked, add, addAll: (ids: ReadonlyArray<OrderId>) => ids.forEach((id) => add(id)) } as const
}

/**
 * One look: at what the provider made since the last one and at the orders that have ended since, both a while ago, so that
 * what is under way is left alone; and at a slice of the last days, so that in time everything is seen again. What does not
 * fit is noted as suspected.
 */
export const makeLook = Effect.fnUntraced(function*(auditor: SqlClient.SqlClient, settings: LookSettings) {
  const { payment } = yield* Neighbours
  const findings = yield* FindingsStore
  const progress = yield* ReconcileProgress
  const suspects = makeSuspects(auditor, settings.grace_millis)
  const collect = yield* makeCollectFacts(auditor, settings.grace_millis)
  let carried = gathering()

  /** Reads a stretch of the provider's books beside our records, and gathers what differs. */
  const readProvider = Effect.fnUntraced(function*(into: typeof carried, { before, from }: Stretch, limit: number) {
    const query = {
      created_after: from.toISOString(),
      created_before: before.toISOString(),
      differing: "true" as const,
      limit
    }
    const lines = yield* payment.provider_books.list({ query }).pipe(
      Effect.flatMap(Stream.runCollect),
      Effect.timeout(settings.lease_millis / 2)
    )
    const last = lines.at(-1)
    if (last?.line !== "end") {
      const detail = last?.line === "broken" ? last.detail : "the listing was cut off"
      return yield* new LookBroken({ detail: `the provider's books: ${detail}` })
    }
    for (const line of lines) {
      if (line.line === "payment") into.add(line.payment.reference, line.payment.provider_id)
      if (line.line === "missing") into.add(line.reference, line.provider_id)
    }
    return { compared: last.ours, complete_from: new Date(last.complete_from) }
  })

  const lookAtNew = Effect.fnUntraced(function*(into: typeof carried, { listed_until, ripe_until }: Turn) {
    const stretch = {
      from: later(listed_until, secondsAfter(ripe_until, -CATCH_UP_MILLIS / 1000)),
      before: ripe_until
    }
    if (stretch.from >= stretch.before) return 0
    const { compared } = yield* readProvider(into, stretch, LISTED_MAX)
    into.addAll(yield* suspects.withoutEntry(stretch.from, stretch.before))
    return compared
  })

  const lookAtEnded = Effect.fnUntraced(function*(into: typeof carried, turn: Turn) {
    let [place, compared, late]: [Place, number, number] = [turn.ended, 0, LATE_MAX]
    for (let more = true; more && compared < ENDED_MAX;) {
      const ended = yield* suspects.endedSince(place, TRANSITIONS_AT_ONCE)
      const sighting = yield* suspects.byIds(ended.ids, late)
      into.addAll(sighting.suspects)
      late = Math.max(0, late - sighting.suspects.length)
      compared += sighting.compared
      place = ended.place
      more = ended.more
    }
    return { compared, place }
  })

  /** One more slice of the round, and where it ended; `null`: the round has come to its end. */
  const goRound = Effect.fnUntraced(function*(into: typeof carried, { ripe_until, round_from, round_until }: Turn) {
    const before = round_until === null || round_until <= round_from ? ripe_until : round_until
    const { compared, complete_from } = yield* readProvider(into, { from: round_from, before }, ROUND_SLICE)
    const from = yield* suspects.whereToStop(complete_from, before)
    const { compared: booked, suspects: found } = yield* suspects.byTime(from, before)
    into.addAll(found)
    into.addAll(yield* suspects.withoutEntry(from, before))
    // Of its last second a slice may have seen a part only; one that is all in that second has to go on all the same.
    const until = from <= round_from ? null : earlier(secondsAfter(from, 1), secondsAfter(before, -1))
    return { compared: compared + booked, until }
  })

  const note = (facts: ReadonlyArray<OrderFacts>) =>
    findings.suspect(
      facts.flatMap((one) =>
        verdictsOn(one, settings.strays).map((verdict) => ({
          ...verdict,
          order_id: one.id,
          seen: seenIn(one, verdict)
        }))
      ),
      settings.grace_millis
    )

  return Effect.fnUntraced(function*<E, R>(turn: Turn, stillOurs: Effect.Effect<unknown, E, R>) {
    const seen = gathering()
    for (const [id, providerIds] of carried.asked) seen.add(id, ...providerIds)
    const listed = yield* lookAtNew(seen, turn)
    yield* stillOurs
    const ended = yield* lookAtEnded(seen, turn)
    yield* stillOurs
    const round = turn.round_is_due ? yield* Effect.timed(goRound(seen, turn)) : undefined
    yield* stillOurs
    const facts = yield* collect(seen.asked)
    yield* note(facts)
    carried = gathering()
    for (const { at_provider, id } of facts) {
      if (at_provider === undefined && carried.asked.size < CARRIED_MAX) carried.add(id, ...seen.asked.get(id) ?? [])
    }
    const compared = listed + ended.compared + (round?.[1].compared ?? 0)
    yield* progress.advance(turn, {
      listed_until: later(turn.listed_until, turn.ripe_until),
      ended: ended.place,
      compared,
      ...(round === undefined ? {} : { round: { until: round[1].until, millis: Duration.toMillis(round[0]) } })
    })
    yield* count("reconciliation.compared", {}, compared)
  })
})
