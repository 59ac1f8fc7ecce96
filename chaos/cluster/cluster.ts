import { ProviderSimulator, providerSimulator } from "@surety/provider-simulator/service"
import { simulatorSettings } from "@surety/provider-simulator/settings"
import { type LinkProxy, linkProxy } from "@surety/testkit/link-proxy"
import { administrator } from "@surety/testkit/test-database"
import { ConfigProvider, Context, Effect, Layer, Logger, Redacted, type Scope } from "effect"
import { SqlClient } from "effect/sql"
import { endsOf, type LinkName, linkNames, type ServiceName, serviceNames, wireOf } from "./links.ts"
import { makeNode, type Node } from "./node.ts"
import { quickened } from "./quickened.ts"
import { quietPort } from "./quiet-port.ts"

export type Environment = Readonly<Record<string, string>>

export interface ClusterOptions {
  /** A migrated database, as an administrator reaches it. */
  readonly database: Redacted.Redacted
  /** For all services, and for the simulator; over what `quickened` says. */
  readonly environment?: Environment
  /** For single services, over both. */
  readonly environments?: Partial<Record<ServiceName, Environment>>
  /** Decides all that is left to chance on the links. */
  readonly seed: number
}

/** All services as processes, one a service, and every connection between them through a proxy of its own. */
export interface Cluster {
  readonly nodes: Readonly<Record<ServiceName, Node>>
  readonly links: ReadonlyArray<LinkProxy>
  readonly link: (name: LinkName) => LinkProxy
  /** Where customers send orders: to the edge, through the proxy of their link. */
  readonly edge: string
  /** Where each service listens itself. */
  readonly direct: Readonly<Record<ServiceName, string>>
  /** The provider, which is never under fire by itself: the link to it is. */
  readonly simulator: string
  /** An administrator's connection, direct, over all schemas. */
  readonly sql: SqlClient.SqlClient
  readonly database: Redacted.Redacted
  /** One more of a service, on the same links, not started. */
  readonly another: (
    service: ServiceName,
    options: { readonly name: string; readonly environment?: Environment }
  ) => Effect.Effect<Node, never, Scope.Scope>
  /** Takes all faults off all links. */
  readonly heal: Effect.Effect<void>
}

const urlOf = (proxy: LinkProxy) => Redacted.value(proxy.url).replace(/\/$/, "")

const startSimulator = (environment: Environment) =>
  Effect.gen(function*() {
    const settings = yield* Effect.provideService(
      simulatorSettings,
      ConfigProvider.ConfigProvider,
      ConfigProvider.fromEnvRecord({ ...environment, SIMULATOR_PORT: "0" })
    )
    return Context.get(yield* Layer.build(providerSimulator(settings)), ProviderSimulator).url
  }).pipe(Effect.orDie, Effect.provide(Logger.layer([])))

/** What each service is told about those it calls: the proxies of its links. */
const neighboursOf = (link: (name: LinkName) => LinkProxy): Record<ServiceName, Environment> => {
  const stored = (service: ServiceName) => ({ DATABASE_URL: Redacted.value(link(`${service}->postgres`).url) })
  return {
    payment: { ...stored("payment"), STRIPE_API_BASE: urlOf(link("payment->provider")) },
    inventory: stored("inventory"),
    orders: stored("orders"),
    "edge-api": {
      ...stored("edge-api"),
      INVENTORY_URL: urlOf(link("edge-api->inventory")),
      PAYMENT_URL: urlOf(link("edge-api->payment"))
    },
    orchestrator: {
      ...stored("orchestrator"),
      ORDERS_URL: urlOf(link("orchestrator->orders")),
      INVENTORY_URL: urlOf(link("orchestrator->inventory")),
      PAYMENT_URL: urlOf(link("orchestrator->payment"))
    }
  }
}

/** Starts it all and waits until every service is ready. The end of the scope ends it. */
export const cluster = (options: ClusterOptions): Effect.Effect<Cluster, never, Scope.Scope> =>
  Effect.gen(function*() {
    const { database, environment = {}, environments = {}, seed } = options
    const sql = Context.get(yield* Layer.build(Layer.orDie(administrator(database))), SqlClient.SqlClient)
    const simulator = yield* startSimulator(environment)
    const ports = yield* Effect.all(Object.fromEntries(serviceNames.map((name) => [name, quietPort]))) as Effect.Effect<
      Record<ServiceName, number>
    >
    const direct = Object.fromEntries(serviceNames.map((name) => [name, `http://127.0.0.1:${ports[name]}`])) as Record<
      ServiceName,
      string
    >
    const targetOf = (name: LinkName) => {
      const [, to] = endsOf(name)
      return to === "postgres" ? database : to === "provider" ? simulator : direct[to as ServiceName]
    }
    const links = yield* Effect.forEach(linkNames, (name, place) =>
      linkProxy({ name, wire: wireOf(name), target: targetOf(name), seed: seed * linkNames.length + place }))
    const link = (name: LinkName) =>
      links[linkNames.indexOf(name)]!
    const neighbours = neighboursOf(link)

    const nodeOf = (service: ServiceName, name: string, port: number, own: Environment = {}) =>
      makeNode({
        name,
        service,
        port,
        environment: { ...quickened, ...environment, ...environments[service], ...neighbours[service], ...own }
      })
    const another: Cluster["another"] = (service, { environment: own, name }) =>
      Effect.flatMap(quietPort, (port) =>
        nodeOf(service, name, port, own))

    const all = yield* Effect.forEach(serviceNames, (name) => nodeOf(name, name, ports[name]))
    yield* Effect.forEach(all, (node) => node.start, { concurrency: "unbounded", discard: true })
    return {
      nodes: Object.fromEntries(all.map((node) => [node.service, node])) as Record<ServiceName, Node>,
      links,
      link,
      edge: urlOf(link("client->edge-api")),
      direct,
      simulator,
      sql,
      database,
      another,
      heal: Effect.forEach(links, ({ heal }) => heal, { concurrency: "unbounded", discard: true })
    }
  })
