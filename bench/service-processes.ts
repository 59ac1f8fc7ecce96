import { freePort } from "@surety/platform/postgres/free-port"
import type { StackUrls } from "@surety/stack/run-stack"
import { httpCall } from "@surety/testkit/http-call"
import { Effect, Redacted, Schedule } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const services = ["provider-simulator", "payment", "inventory", "orders", "edge-api", "orchestrator"] as const
export type ServiceName = (typeof services)[number]

/** The variable that a service's port and URL are told by. */
const wordOf = {
  "provider-simulator": "SIMULATOR",
  payment: "PAYMENT",
  inventory: "INVENTORY",
  orders: "ORDERS",
  "edge-api": "EDGE_API",
  orchestrator: "ORCHESTRATOR"
} as const satisfies Record<ServiceName, string>

export interface RunningService {
  readonly name: string
  readonly pid: number
  readonly url: string
}

/** The services, each a process of its own, until the scope closes. */
export interface RunningStack {
  readonly urls: StackUrls
  readonly processes: ReadonlyArray<RunningService>
  /** One more of a service, of which a name and its own settings tell it from the others. */
  readonly another: (service: ServiceName, name: string) => ReturnType<typeof startProcess>
}

const START_LIMIT = "60 seconds"
const STOP_LIMIT = "25 seconds"

const logFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "surety-bench-logs-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

const exited = (child: ChildProcess) =>
  Effect.callback<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) resume(Effect.void)
    else child.once("exit", () => resume(Effect.void))
  })

const stop = (child: ChildProcess) =>
  Effect.sync(() => child.kill("SIGTERM")).pipe(
    Effect.andThen(exited(child)),
    Effect.timeoutOrElse({
      duration: STOP_LIMIT,
      orElse: () => Effect.andThen(Effect.sync(() => child.kill("SIGKILL")), exited(child))
    })
  )

const isReady = (url: string) =>
  httpCall("GET", `${url}/health/ready`).pipe(
    Effect.map(({ status }) => status === 200),
    Effect.catchCause(() => Effect.succeed(false))
  )

interface Start {
  readonly service: ServiceName
  readonly name: string
  readonly port: number
  readonly environment: Readonly<Record<string, string>>
  readonly logs: string
}

/** Starts a service and waits until it is ready. What it logs, from Warn on, is told if it does not come up. */
const startProcess = Effect.fn("startProcess")(function*({ environment, logs, name, port, service }: Start) {
  const log = join(logs, `${name}.log`)
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const output = openSync(log, "a")
      const env = {
        PATH: process.env["PATH"],
        ...(process.env["NODE_OPTIONS"] === undefined ? {} : { NODE_OPTIONS: process.env["NODE_OPTIONS"] }),
        LOG_LEVEL: "Warn",
        ...environment,
        [`${wordOf[service]}_PORT`]: `${port}`
      }
      const started = spawn(process.execPath, [`services/${service}/src/main.ts`], {
        stdio: ["ignore", output, output],
        env
      })
      closeSync(output)
      return started
    }),
    stop
  )
  const url = `http://127.0.0.1:${port}`
  const ended = Effect.flatMap(
    exited(child),
    () => Effect.die(new Error(`${name} ended: ${readFileSync(log, "utf8")}`))
  )
  yield* isReady(url).pipe(
    Effect.repeat({ until: (ready) => ready, schedule: Schedule.spaced("100 millis") }),
    Effect.raceFirst(ended),
    Effect.timeoutOrElse({
      duration: START_LIMIT,
      orElse: () => Effect.die(new Error(`${name} is not ready: ${readFileSync(log, "utf8")}`))
    })
  )
  return { name, pid: child.pid!, url } satisfies RunningService
})

/** All services on a database, as processes; those left out are not started. */
export const runningStack = Effect.fn("runningStack")(function*(
  database: Redacted.Redacted,
  options: { readonly without?: ReadonlyArray<ServiceName>; readonly environment?: Readonly<Record<string, string>> } =
    {}
) {
  const logs = yield* logFolder
  const ports = yield* Effect.forEach(services, () => freePort(undefined))
  const urlOf = (service: ServiceName) => `http://127.0.0.1:${ports[services.indexOf(service)]}`
  const environment = {
    DATABASE_URL: Redacted.value(database),
    STRIPE_API_BASE: urlOf("provider-simulator"),
    PAYMENT_URL: urlOf("payment"),
    INVENTORY_URL: urlOf("inventory"),
    ORDERS_URL: urlOf("orders"),
    ...options.environment
  }
  const processes = yield* Effect.forEach(
    services.filter((service) => options.without?.includes(service) !== true),
    (service) => startProcess({ service, name: service, port: ports[services.indexOf(service)]!, environment, logs }),
    { concurrency: "unbounded" }
  )
  return {
    processes,
    urls: {
      edge_api: urlOf("edge-api"),
      inventory: urlOf("inventory"),
      payment: urlOf("payment"),
      orders: urlOf("orders"),
      orchestrator: urlOf("orchestrator"),
      simulator: urlOf("provider-simulator")
    },
    another: (service: ServiceName, name: string) =>
      Effect.flatMap(freePort(undefined), (port) => startProcess({ service, name, port, environment, logs }))
  } as const
})
