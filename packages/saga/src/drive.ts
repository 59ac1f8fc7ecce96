import { Cause, Deferred, Effect, Exit, Fiber, Random, Scope, Semaphore } from "effect"
import { decide, settle } from "./decide.ts"
import type { Outcome, Saga } from "./definition.ts"
import type { Claimed, Journal, Recording } from "./journal.ts"
import type { Acting, Watch } from "./watch.ts"

export interface DriveSettings {
  /** Rows a claim takes at most; each group of them that needs the same step is one call. */
  readonly set_size: number
  /** Claimed sets worked on at the same time. */
  readonly lanes: number
  /** The longest one call may take, in milliseconds; well below the journal's lease. */
  readonly act_timeout_millis: number
  /** The longest pause between two polls while there is nothing to do, in milliseconds. */
  readonly idle_millis: number
  /** The pause after a poll that found less than a full set, in milliseconds: one set of seven costs less than seven of one. */
  readonly gather_millis: number
}

const IDLE_FIRST_MILLIS = 10
/** How long a stop waits for the steps under way; what takes longer is left to whoever finds its lease expired. */
const STOP_TIMEOUT = "14 seconds"
/** When so many rows in a row cannot be written each by itself, it is not the rows: the journal is away. */
const UNWRITTEN_MAX = 2
/** A row that failed with its set this often goes alone, so that a poisoned one cannot hold its neighbours back. */
const ALONE_AFTER = 2

interface Engine<Row extends Claimed, E> {
  readonly saga: Saga<Row>
  readonly journal: Journal<Row, E>
  readonly settings: DriveSettings
  readonly watch: Watch<Row>
  readonly stopping: Deferred.Deferred<void>
}

type Group<Row> = { readonly next: Acting<Row>; readonly rows: ReadonlyArray<Row> }

const groupByNext = <Row extends Claimed>(saga: Saga<Row>, rows: ReadonlyArray<Row>): ReadonlyArray<Group<Row>> => {
  const groups = new Map<string, { next: Group<Row>["next"]; rows: Array<Row> }>()
  for (const row of rows) {
    const next = decide(saga, row)
    if (next._tag === "Ended") continue
    const alone = row.attempts >= ALONE_AFTER || row.lease_expiries >= ALONE_AFTER ? row.id : ""
    const key = `${next._tag} ${next.step.name} ${alone}`
    const group = groups.get(key) ?? { next, rows: [] }
    group.rows.push(row)
    groups.set(key, group)
  }
  return [...groups.values()]
}

/** Acts for a group. Whatever goes wrong on the way says nothing about the effect, and so is Unknown for every row. */
const actFor = <Row extends Claimed, E>(engine: Engine<Row, E>, { next, rows }: Group<Row>) => {
  const act = next._tag === "Act" ? next.step.act : next.step.undo
  const silence = (error: string): Outcome => ({ _tag: "Unknown", error })
  const limited = (given: ReadonlyArray<Row>) =>
    Effect.timeout(Effect.suspend(() => act!(given)), engine.settings.act_timeout_millis)
  return engine.watch.acting(next, rows, limited).pipe(
    Effect.exit,
    Effect.map((exit) => (row: Row) =>
      Exit.isSuccess(exit)
        ? exit.value.get(row.id) ?? silence(`${next.step.name} answered nothing for this order`)
        : silence(describe(exit.cause))
    )
  )
}

const describe = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  return (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 500)
}

/** What became of a set's recordings. What is in neither could not be written at all; its lease will expire. */
interface Written {
  readonly recorded: ReadonlySet<string>
  readonly fenced: ReadonlySet<string>
}

const writtenOf = (recordings: ReadonlyArray<Recording>, recorded: ReadonlySet<string>): Written => ({
  recorded,
  fenced: new Set(recordings.flatMap(({ id }) => recorded.has(id) ? [] : [id]))
})

/** Records a set; if the set cannot be written as a whole, each row by itself, so that one bad row stays alone. */
const recordSet = <Row extends Claimed, E>(
  engine: Engine<Row, E>,
  recordings: ReadonlyArray<Recording>
): Effect.Effect<Written, E> =>
  engine.journal.record(recordings).pipe(
    Effect.map((recorded) => writtenOf(recordings, recorded)),
    Effect.catchCause((cause) => recordings.length === 1 ? Effect.failCause(cause) : recordEach(engine, recordings))
  )

const recordEach = <Row extends Claimed, E>(engine: Engine<Row, E>, recordings: ReadonlyArray<Recording>) =>
  Effect.gen(function*() {
    const recorded = new Set<string>()
    const fenced = new Set<string>()
    let unwritten = 0
    for (const recording of recordings) {
      const written = yield* Effect.exit(engine.journal.record([recording]))
      if (Exit.isSuccess(written)) {
        unwritten = 0
        const side = written.value.has(recording.id) ? recorded : fenced
        side.add(recording.id)
        continue
      }
      yield* engine.watch.report({ _tag: "Trouble", doing: `record ${recording.id}`, cause: written.cause })
      unwritten += 1
      if (unwritten === UNWRITTEN_MAX) break
    }
    return { recorded, fenced } satisfies Written
  })

/** One step for one group, written down; then, for rows that can go on at once, the next. */
const advance = <Row extends Claimed, E>(engine: Engine<Row, E>, group: Group<Row>): Effect.Effect<void, E> =>
  Effect.gen(function*() {
    const outcomeOf = yield* actFor(engine, group)
    const stopping = yield* Deferred.isDone(engine.stopping)
    const jitter = yield* Random.next
    const recordings = group.rows.map((row): Recording => {
      const change = settle(engine.saga, row, outcomeOf(row))
      const goesOn = !change.ended && change.parked_reason === null && change.wait_millis === 0
      const wait_millis = Math.round(change.wait_millis * jitter)
      return { ...change, wait_millis, id: row.id, fence: row.fence, keep_lease: goesOn && !stopping }
    })
    const { fenced, recorded } = yield* recordSet(engine, recordings)
    const onward: Array<Row> = []
    for (const [i, row] of group.rows.entries()) {
      const recording = recordings[i]!
      if (fenced.has(row.id)) yield* engine.watch.report({ _tag: "Fenced", row })
      if (!recorded.has(row.id)) continue
      yield* engine.watch.report({ _tag: "Recorded", row, step: group.next.step, change: recording })
      if (recording.keep_lease) {
        const { attempts, status, undoing } = recording
        onward.push({ ...row, status, undoing, attempts, reason: recording.reason ?? row.reason })
      }
    }
    yield* advanceAll(engine, onward)
  })

const advanceAll = <Row extends Claimed, E>(engine: Engine<Row, E>, rows: ReadonlyArray<Row>) =>
  Effect.forEach(groupByNext(engine.saga, rows), (group) => advance(engine, group), {
    concurrency: "unbounded",
    discard: true
  })

/**
 * Polls while a lane is free: at once as long as there are full sets, then ever more rarely. A claimed set is worked on in its
 * lane while the next poll goes on, so that one slow set holds nobody up.
 */
const poll = <Row extends Claimed, E>(engine: Engine<Row, E>, lanes: Semaphore.Semaphore, scope: Scope.Scope) =>
  Effect.gen(function*() {
    const trouble = (doing: string) => (cause: Cause.Cause<unknown>) =>
      engine.watch.report({ _tag: "Trouble", doing, cause })
    const work = (rows: ReadonlyArray<Row>) =>
      engine.watch.claimed(rows, (watched) => advanceAll(engine, watched)).pipe(
        Effect.catchCause(trouble("act or record")),
        Effect.ensuring(lanes.release(1))
      )
    const rest = (millis: number) => Effect.race(Effect.sleep(millis), Deferred.await(engine.stopping))
    let pause = IDLE_FIRST_MILLIS
    while (true) {
      yield* lanes.take(1)
      if (yield* Deferred.isDone(engine.stopping)) return yield* lanes.release(1)
      const rows = yield* engine.journal.claim(engine.settings.set_size).pipe(
        Effect.catchCause((cause) => Effect.as(trouble("claim")(cause), []))
      )
      if (rows.length > 0) {
        pause = IDLE_FIRST_MILLIS
        yield* Effect.forkIn(work(rows), scope)
        if (rows.length < engine.settings.set_size) yield* rest(engine.settings.gather_millis)
        continue
      }
      yield* lanes.release(1)
      yield* rest(pause)
      pause = Math.min(pause * 2, engine.settings.idle_millis)
    }
  })

/**
 * Drives every due row of a journal towards its end, in sets, until the scope closes. A stop is orderly: the step under way
 * is finished and recorded, its lease handed back with it.
 */
export const drive = <Row extends Claimed, E>(
  saga: Saga<Row>,
  journal: Journal<Row, E>,
  settings: DriveSettings,
  watch: Watch<Row>
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function*() {
    const engine: Engine<Row, E> = { saga, journal, settings, watch, stopping: yield* Deferred.make<void>() }
    const lanes = yield* Semaphore.make(settings.lanes)
    // Made before the finalizer, so that it closes after it: steps are interrupted only once the stop has waited for them.
    const scope = yield* Scope.fork(yield* Effect.scope)
    const poller = yield* Effect.forkIn(poll(engine, lanes, scope), scope)
    yield* Effect.addFinalizer(() =>
      Deferred.succeed(engine.stopping, undefined).pipe(
        Effect.andThen(Fiber.await(poller)),
        Effect.andThen(lanes.take(settings.lanes)),
        Effect.timeoutOption(STOP_TIMEOUT)
      )
    )
  })
