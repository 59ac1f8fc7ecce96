import { edgeApi } from "@surety/edge-api/service"
import { edgeApiSettings } from "@surety/edge-api/settings"
import { inventory } from "@surety/inventory/service"
import { inventorySettings } from "@surety/inventory/settings"
import { orchestrator } from "@surety/orchestrator/service"
import { orchestratorSettings } from "@surety/orchestrator/settings"
import { orders } from "@surety/orders/service"
import { ordersSettings } from "@surety/orders/settings"
import { payment } from "@surety/payment/service"
import { paymentSettings } from "@surety/payment/settings"
import { portOf } from "@surety/platform/http-server"
import { announced } from "@surety/platform/run-service"
import { telemetry } from "@surety/platform/telemetry/telemetry"
import { telemetrySettings } from "@surety/platform/telemetry/telemetry-settings"
import { ProviderSimulator, providerSimulator } from "@surety/provider-simulator/service"
import { simulatorSettings } from "@surety/provider-simulator/settings"
import { type Config, ConfigProvider, Context, Effect, Layer, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { tellingMore } from "./telling-more.ts"

/** Where each service of a running stack listens. */
export interface StackUrls {
  readonly edge_api: string
  readonly inventory: string
  readonly payment: string
  readonly orders: string
  readonly orchestrator: string
  readonly simulator: string
}

/** Everything a stack can be told, by the names of the environment variables. */
export type Environment = Readonly<Record<string, string>>

/** A layer of its own memo map: services that share a process share nothing else. */
const build = <A, E>(layer: Layer.Layer<A, E>) =>
  Effect.gen(function*() {
    return yield* Layer.buildWithMemoMap(layer, yield* Layer.makeMemoMap, yield* Effect.scope)
  })

const read = <A>(settings: Config.Config<A>, environment: Environment) =>
  Effect.provideService(settings, ConfigProvider.ConfigProvider, ConfigProvider.fromEnvRecord(environment))

/** Says when a service has started, begins to stop and has stopped, as a process of its own would. */
const asAProcess = <A, E>(service: Layer.Layer<A, E>) =>
  announced.pipe(
    Layer.provideMerge(service),
    Layer.provide(Layer.effectDiscard(Effect.addFinalizer(() => Effect.logInfo("service.stopped"))))
  )

/** Five services in one process are five to whom the telemetry goes: each has its own, around everything it does. */
const observed = (name: string, environment: Environment) =>
  Effect.map(read(telemetrySettings, environment), (settings) =>
    settings.endpoint === undefined
      ? telemetry(name, settings)
      : Layer.provideMerge(telemetry(name, settings), tellingMore))

/** Starts a service and answers where it listens. */
const serve = Effect.fnUntraced(function*<S, E>(
  name: string,
  settings: Config.Config<S>,
  service: (settings: S) => Layer.Layer<HttpServer.HttpServer, E>,
  environment: Environment
) {
  const context = yield* build(
    asAProcess(service(yield* read(settings, environment))).pipe(Layer.provide(yield* observed(name, environment)))
  ).pipe(Effect.annotateLogs({ service: name }))
  return `http://127.0.0.1:${portOf(Context.get(context, HttpServer.HttpServer))}`
})

/**
 * All services and the provider simulator in this process, over real HTTP, on one database, until the scope closes; they
 * stop in the order opposite to their start. A port of 0 takes any free one. What is left out runs somewhere else.
 */
export const runStack = Effect.fn("runStack")(function*(
  database: Redacted.Redacted,
  given: Environment,
  without: ReadonlyArray<"orchestrator"> = []
) {
  const environment: Environment = { ...given, DATABASE_URL: Redacted.value(database) }
  const simulated = yield* build(providerSimulator(yield* read(simulatorSettings, environment)))
  const simulator = Context.get(simulated, ProviderSimulator).url
  const paymentUrl = yield* serve("payment", paymentSettings, payment, { STRIPE_API_BASE: simulator, ...environment })
  const inventoryUrl = yield* serve("inventory", inventorySettings, inventory, environment)
  const ordersUrl = yield* serve("orders", ordersSettings, orders, environment)
  const neighbours = { PAYMENT_URL: paymentUrl, INVENTORY_URL: inventoryUrl, ORDERS_URL: ordersUrl, ...environment }
  const edgeUrl = yield* serve("edge-api", edgeApiSettings, edgeApi, neighbours)
  const orchestratorUrl = without.includes("orchestrator")
    ? ""
    : yield* serve("orchestrator", orchestratorSettings, orchestrator, neighbours)
  return {
    edge_api: edgeUrl,
    inventory: inventoryUrl,
    payment: paymentUrl,
    orders: ordersUrl,
    orchestrator: orchestratorUrl,
    simulator
  } satisfies StackUrls
})
