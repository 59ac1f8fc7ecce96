import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Context, Effect, Layer, Ref } from "effect"
import { HttpRouter, type HttpServer, HttpServerResponse } from "effect/http"
import { type HttpApi, HttpApiBuilder, type HttpApiGroup, HttpApiScalar } from "effect/http-api"
import { createServer, type Server } from "node:http"
import { databaseAnswers } from "./database.ts"
import { problemBoundary, requestProblems } from "./problem-boundary.ts"
import { problemResponse } from "./problem.ts"

export interface ListenSettings {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
}

/** How long requests in flight get to finish after SIGTERM; the whole stop must fit into 20 s. */
const DRAIN_TIMEOUT = "10 seconds"
/** Slow headers or bodies are cut off, or a few idle clients could hold every socket. */
const HEADERS_TIMEOUT_MILLIS = 10_000
const REQUEST_TIMEOUT_MILLIS = 30_000
const KEEP_ALIVE_TIMEOUT_MILLIS = 65_000

/** Whether this process takes new work; false from the first moment of a stop. */
export class Readiness extends Context.Service<Readiness, { readonly accepting: Ref.Ref<boolean> }>()(
  "surety/platform/Readiness"
) {
  static readonly layer = Layer.effect(
    Readiness,
    Effect.map(Ref.make(true), (accepting) => Readiness.of({ accepting }))
  )
}

const notReady = (error: string, detail: string) =>
  problemResponse({ status: 503, error, detail, extra: { live: true, ready: false, retry_after_seconds: 2 } })

const healthRoutes = Effect.gen(function*() {
  const { accepting } = yield* Readiness
  const live = HttpServerResponse.jsonUnsafe({ live: true })
  const ready = Effect.gen(function*() {
    if (!(yield* Ref.get(accepting))) return notReady("stopping", "this process is stopping")
    return yield* databaseAnswers.pipe(
      Effect.as(HttpServerResponse.jsonUnsafe({ live: true, ready: true })),
      Effect.catchCause(() => Effect.succeed(notReady("database_unavailable", "the database does not answer")))
    )
  })
  return Layer.mergeAll(
    HttpRouter.add("GET", "/health/live", Effect.succeed(live)),
    HttpRouter.add("GET", "/health/ready", ready),
    HttpRouter.add("GET", "/health", ready)
  )
}).pipe(Layer.unwrap)

/** Flips readiness the moment the process is asked to stop, before the listener closes. */
const unreadyFirst = Layer.effectDiscard(
  Effect.flatMap(Readiness, ({ accepting }) => Effect.addFinalizer(() => Ref.set(accepting, false)))
)

/** Connections that outlast the drain are cut: one that never sent a request would otherwise hold the stop for ever. */
const cutStragglers = (server: Server) =>
  Layer.effectDiscard(Effect.addFinalizer(() => Effect.sync(() => server.closeAllConnections())))

const nodeServer = (listen: ListenSettings) =>
  Layer.unwrap(Effect.sync(() => {
    const server = createServer({
      headersTimeout: HEADERS_TIMEOUT_MILLIS,
      requestTimeout: REQUEST_TIMEOUT_MILLIS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MILLIS
    })
    const options = { host: listen.host, port: listen.port, gracefulShutdownTimeout: DRAIN_TIMEOUT } as const
    return cutStragglers(server).pipe(Layer.provideMerge(NodeHttpServer.layer(() => server, options)))
  }))

/**
 * Serves one API: its handlers, `/health/*`, `/openapi.json`, `/docs`, problems for everything that goes wrong. The
 * layer provides `HttpServer`, whose address tells the port that was really taken, and wants the service's database.
 */
export const serveApi = <Id extends string, Groups extends HttpApiGroup.Constraint, E, R>(
  api: HttpApi.HttpApi<Id, Groups>,
  handlers: Layer.Layer<HttpApiGroup.ToService<Id, Groups>, E, R>,
  listen: ListenSettings
) => {
  const routes = Layer.mergeAll(
    HttpApiBuilder.layer(api, { openapiPath: "/openapi.json" }).pipe(
      Layer.provide(handlers),
      Layer.provide(requestProblems)
    ),
    HttpApiScalar.layer(api, { path: "/docs" }),
    healthRoutes,
    problemBoundary(api)
  )
  return unreadyFirst.pipe(
    Layer.provideMerge(HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true })),
    Layer.provideMerge(nodeServer(listen)),
    Layer.provide(Readiness.layer)
  )
}

/** The port a running server really took. */
export const portOf = (server: HttpServer.HttpServer["Service"]): number =>
  "port" in server.address ? Number(server.address.port) : 0
