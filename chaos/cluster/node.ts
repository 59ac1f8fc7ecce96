import { killed, type ServiceProcess, spawnService, stopped, untilReady } from "@surety/testkit/service-process"
import { Effect, type Scope } from "effect"
import type { ServiceName } from "./links.ts"

/** One service as a process that can be taken away and given back, on the same port. */
export interface Node {
  /** Tells it from other nodes of its service. */
  readonly name: string
  readonly service: ServiceName
  /** Where it listens itself, not through a proxy. */
  readonly url: string
  /** Done when it is ready. Does nothing if it runs. */
  readonly start: Effect.Effect<void>
  /** SIGKILL, paused or not. Done when it is gone; does nothing if it does not run. */
  readonly kill: Effect.Effect<void>
  /** SIGKILL at once, without waiting: for triggers that hold something back meanwhile. */
  readonly strike: Effect.Effect<void>
  readonly pause: Effect.Effect<void>
  readonly resume: Effect.Effect<void>
  /** SIGTERM. Succeeds with how it ended. */
  readonly terminate: Effect.Effect<number | NodeJS.Signals>
  /** Kills it, if it still runs, and starts it. */
  readonly restart: Effect.Effect<void>
  /** The same with settings over its own, for this process alone. */
  readonly restartWith: (environment: Readonly<Record<string, string>>) => Effect.Effect<void>
  /** Restarts it with its own settings, if it runs with others. */
  readonly restore: Effect.Effect<void>
  readonly running: () => boolean
  readonly pid: () => number
  /** What the process that runs now, or ran last, has said. */
  readonly lines: () => ReadonlyArray<string>
  /** Waits for a line of it with this text, from now or from before. */
  readonly said: (text: string) => Effect.Effect<string>
  /** How many lines with this text all its processes have said together. */
  readonly count: (text: string) => number
}

export interface NodeStart {
  readonly name: string
  readonly service: ServiceName
  readonly port: number
  readonly environment: Readonly<Record<string, string>>
}

/** How long a node may take to end by SIGTERM: a stop is promised within 20 s. */
const TERMINATE_LIMIT = "25 seconds"
/** At the end of a run nobody waits for drains. What stops by itself keeps Node's compiled sources for the next start. */
const CLOSE_LIMIT = "2 seconds"

/** A node that does not run yet. The end of the scope ends it. */
export const makeNode = (given: NodeStart): Effect.Effect<Node, never, Scope.Scope> => {
  const { environment, name, port, service } = given
  const url = `http://127.0.0.1:${port}`
  let current: ServiceProcess | undefined
  let last: ServiceProcess | undefined
  const earlier: Array<ReadonlyArray<string>> = []
  let isDressed = false

  const startWith = (own: Readonly<Record<string, string>>) =>
    Effect.suspend(() =>
      current !== undefined ? Effect.void : Effect.gen(function*() {
        if (last !== undefined) earlier.push(last.lines())
        isDressed = Object.keys(own).length > 0
        const started = yield* spawnService({ program: service, name, port, environment: { ...environment, ...own } })
        current = last = started
        yield* Effect.forkDetach(
          Effect.andThen(
            started.exited,
            Effect.sync(() => {
              if (current === started) current = undefined
            })
          ),
          { startImmediately: true }
        )
        yield* untilReady(started, url)
      })
    )
  const ifRunning = <A>(act: (process: ServiceProcess) => Effect.Effect<A>, otherwise: A) =>
    Effect.suspend(() => current === undefined ? Effect.succeed(otherwise) : act(current))
  const signal = (signal: NodeJS.Signals) => ifRunning((process) => process.signal(signal), undefined)
  const running = <A>(read: (process: ServiceProcess) => A): A => {
    if (last === undefined) throw new Error(`${name} was never started`)
    return read(last)
  }
  const kill = ifRunning(killed, undefined)
  const node: Node = {
    name,
    service,
    url,
    start: startWith({}),
    kill,
    strike: signal("SIGKILL"),
    pause: signal("SIGSTOP"),
    resume: signal("SIGCONT"),
    terminate: ifRunning<number | NodeJS.Signals>((process) => stopped(process, TERMINATE_LIMIT), 0),
    restart: Effect.andThen(kill, startWith({})),
    restore: Effect.suspend(() => isDressed ? node.restart : Effect.void),
    restartWith: (own) => Effect.andThen(kill, startWith(own)),
    running: () => current !== undefined,
    pid: () => running((process) => process.pid),
    lines: () => last?.lines() ?? [],
    said: (text) => Effect.suspend(() => running((process) => process.said(text))),
    count: (text) =>
      [...earlier, last?.lines() ?? []].reduce(
        (sum, lines) => sum + lines.filter((line) => line.includes(text)).length,
        0
      )
  }
  const close = Effect.andThen(node.resume, ifRunning<unknown>((process) => stopped(process, CLOSE_LIMIT), undefined))
  return Effect.as(Effect.addFinalizer(() => close), node)
}
