import { Effect, Schedule, type Scope } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { httpCall } from "./http-call.ts"

/** What can be started, by the folder it lives in; the simulated provider is no service of ours, but runs like one. */
export const programs = ["provider-simulator", "payment", "inventory", "orders", "edge-api", "orchestrator"] as const
export type Program = (typeof programs)[number]

const PORT_VARIABLE = {
  "provider-simulator": "SIMULATOR_PORT",
  payment: "PAYMENT_PORT",
  inventory: "INVENTORY_PORT",
  orders: "ORDERS_PORT",
  "edge-api": "EDGE_API_PORT",
  orchestrator: "ORCHESTRATOR_PORT"
} as const satisfies Record<Program, string>

/** Any free port for each of them, for whoever learns from their logs where they listen. */
export const anyPorts: Readonly<Record<string, string>> = Object.fromEntries(
  Object.values(PORT_VARIABLE).map((variable) => [variable, "0"])
)

/** A service as a process of its own, which can be killed or paused from outside. */
export interface ServiceProcess {
  readonly program: Program
  /** Tells it from others of its kind. */
  readonly name: string
  readonly pid: number
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** The last it said, on either output. */
  readonly lines: () => ReadonlyArray<string>
  /** Waits for a line with this text, from now or from before. Dies after `SAID_LIMIT`. */
  readonly said: (text: string) => Effect.Effect<string>
  readonly exited: Effect.Effect<number | NodeJS.Signals>
}

export interface ServiceStart {
  readonly program: Program
  readonly name?: string
  /** The only variables it gets, besides those that Node itself needs. */
  readonly environment: Readonly<Record<string, string>>
  /** Without one, the one that the environment names. */
  readonly port?: number
}

const SAID_LIMIT = "20 seconds"
const START_LIMIT = "60 seconds"
const LINES_KEPT = 20_000
const LINES_TOLD = 20

/** Node's own variables, so that whoever profiles a run profiles its processes; compiled sources are kept between starts. */
const environmentOfNode = () => {
  const options = process.env["NODE_OPTIONS"]
  return {
    PATH: process.env["PATH"],
    NODE_COMPILE_CACHE: join(tmpdir(), "node-compile-cache"),
    ...(options === undefined ? {} : { NODE_OPTIONS: options })
  }
}

const exitOf = (child: ChildProcess) =>
  Effect.callback<number | NodeJS.Signals>((resume) => {
    const done = () => resume(Effect.succeed(child.exitCode ?? child.signalCode ?? -1))
    if (child.exitCode !== null || child.signalCode !== null) return done()
    child.once("exit", done)
    return Effect.sync(() => child.off("exit", done))
  })

/** Keeps what a process says, and tells those who wait for a word of it. */
const listenTo = (child: ChildProcess, name: string) => {
  const lines: Array<string> = []
  const waiting = new Set<() => void>()
  for (const output of [child.stdout!, child.stderr!]) {
    createInterface({ input: output }).on("line", (line) => {
      lines.push(line)
      if (lines.length > LINES_KEPT) lines.splice(0, LINES_KEPT / 2)
      for (const look of waiting) look()
    })
  }
  const said = (text: string) =>
    Effect.callback<string>((resume) => {
      const look = () => {
        const found = lines.find((line) => line.includes(text))
        if (found === undefined) return
        waiting.delete(look)
        resume(Effect.succeed(found))
      }
      waiting.add(look)
      look()
      return Effect.sync(() => waiting.delete(look))
    }).pipe(Effect.timeoutOrElse({
      duration: SAID_LIMIT,
      orElse: () => Effect.die(new Error(`${name} never said "${text}":\n${tail(lines)}`))
    }))
  return { lines: () => lines, said }
}

const tail = (lines: ReadonlyArray<string>) => lines.slice(-LINES_TOLD).join("\n")

const END_WITH_PARENT = new URL("./end-with-parent.ts", import.meta.url).href

/** Starts a service, and does not wait for anything. Whoever starts it ends it; {@link serviceProcess} does both. */
export const spawnService = ({ environment, name, port, program }: ServiceStart): Effect.Effect<ServiceProcess> =>
  Effect.sync(() => {
    const child = spawn(process.execPath, ["--import", END_WITH_PARENT, `services/${program}/src/main.ts`], {
      // The last one is never written to: it closes when this process ends, however that happens.
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      env: {
        ...environmentOfNode(),
        ...environment,
        ...(port === undefined ? {} : { [PORT_VARIABLE[program]]: `${port}` })
      }
    })
    return {
      program,
      name: name ?? program,
      pid: child.pid!,
      signal: (signal) => Effect.sync(() => void child.kill(signal)),
      ...listenTo(child, name ?? program),
      exited: exitOf(child)
    }
  })

/** Kills a process, paused or not, and waits until it is gone. */
export const killed = ({ exited, signal }: ServiceProcess): Effect.Effect<void> =>
  Effect.andThen(signal("SIGKILL"), Effect.asVoid(exited))

/** Asks a process to stop; if that takes longer than a limit, kills it. Succeeds with how it ended. */
export const stopped = (service: ServiceProcess, limit: `${number} seconds`): Effect.Effect<number | NodeJS.Signals> =>
  Effect.andThen(service.signal("SIGTERM"), service.exited).pipe(
    Effect.timeoutOrElse({ duration: limit, orElse: () => Effect.andThen(killed(service), service.exited) })
  )

/** A service until the scope closes, which kills it. */
export const serviceProcess = (start: ServiceStart): Effect.Effect<ServiceProcess, never, Scope.Scope> =>
  Effect.acquireRelease(spawnService(start), killed)

const isReady = (url: string) =>
  httpCall("GET", `${url}/health/ready`).pipe(
    Effect.map(({ status }) => status === 200),
    Effect.catchCause(() => Effect.succeed(false))
  )

/** Waits until a process answers at a URL that it is ready. Dies with what it said if it ends before, or takes too long. */
export const untilReady = (service: ServiceProcess, url: string): Effect.Effect<void> => {
  const told = (what: string) => Effect.die(new Error(`${service.name} ${what}:\n${tail(service.lines())}`))
  return isReady(url).pipe(
    Effect.repeat({ until: (ready) => ready, schedule: Schedule.spaced("50 millis") }),
    Effect.raceFirst(Effect.flatMap(service.exited, (end) => told(`ended with ${end}`))),
    Effect.timeoutOrElse({ duration: START_LIMIT, orElse: () => told("is not ready") }),
    Effect.asVoid
  )
}
