import { freePort } from "@surety/platform/postgres/free-port"
import type { StackUrls } from "@surety/stack/run-stack"
import { type Program, programs, spawnService, stopped, untilReady } from "@surety/testkit/service-process"
import { Effect, Redacted } from "effect"

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
  readonly another: (program: Program, name: string) => ReturnType<typeof startProcess>
}

const STOP_LIMIT = "25 seconds"

interface Start {
  readonly program: Program
  readonly name: string
  readonly port: number
  readonly environment: Readonly<Record<string, string>>
}

/** Starts a service and waits until it is ready. What it logs, from Warn on, is told if it does not come up. */
const startProcess = Effect.fn("startProcess")(function*({ environment, ...start }: Start) {
  const service = yield* Effect.acquireRelease(
    spawnService({ ...start, environment: { LOG_LEVEL: "Warn", ...environment } }),
    (service) => stopped(service, STOP_LIMIT)
  )
  const url = `http://127.0.0.1:${start.port}`
  yield* untilReady(service, url)
  return { name: start.name, pid: service.pid, url } satisfies RunningService
})

/** All services on a database, as processes; those left out are not started. */
export const runningStack = Effect.fn("runningStack")(function*(
  database: Redacted.Redacted,
  options: { readonly without?: ReadonlyArray<Program>; readonly environment?: Readonly<Record<string, string>> } = {}
) {
  const ports = yield* Effect.forEach(programs, () => freePort(undefined))
  const portOf = (program: Program) => ports[programs.indexOf(program)]!
  const urlOf = (program: Program) => `http://127.0.0.1:${portOf(program)}`
  const environment = {
    DATABASE_URL: Redacted.value(database),
    STRIPE_API_BASE: urlOf("provider-simulator"),
    PAYMENT_URL: urlOf("payment"),
    INVENTORY_URL: urlOf("inventory"),
    ORDERS_URL: urlOf("orders"),
    ...options.environment
  }
  const processes = yield* Effect.forEach(
    programs.filter((program) => options.without?.includes(program) !== true),
    (program) => startProcess({ program, name: program, port: portOf(program), environment }),
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
    another: (program: Program, name: string) =>
      Effect.flatMap(freePort(undefined), (port) => startProcess({ program, name, port, environment }))
  } as const
})
