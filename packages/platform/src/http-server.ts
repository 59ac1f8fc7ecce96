import { Context, Effect, Layer, Ref, Tracer } from "effect"
import { HttpMiddleware, HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { type HttpApi, HttpApiBuilder, type HttpApiGroup, HttpApiScalar } from "effect/http-api"
import { databaseAnswers } from "./database.ts"
import { listeningServer, type ListenSettings, SilentConnections } from "./listening-server.ts"
import { problemBoundary, requestProblems } from "./problem-boundary.ts"
import { problemResponse } from "./problem.ts"

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

/** Probes come every few seconds for as long as a process lives and tell no story. */
const untracedProbes = Layer.succeed(HttpMiddleware.TracerDisabledWhen, (request) => request.url.startsWith("/health"))

/**
 * Handlers keep the context they were built in, and would answer every request inside the span of whatever started the
 * server, rather than inside the request's own.
 */
const outsideOfSpans = <A, E, R>(layer: Layer.Layer<A, E, R>): Layer.Layer<A, E, R> =>
  Layer.fromBuild((memoMap, scope) =>
    Effect.updateContext(
      Layer.buildWithMemoMap(layer, memoMap, scope),
      (context: Context.Context<R>) => Context.omit(Tracer.ParentSpan)(context) as Context.Context<R>
    )
  )

/** The first thing of a stop, while the listener is still open: no longer ready, and no waiting for who asks nothing. */
const unreadyFirst = Layer.effectDiscard(
  Effect.gen(function*() {
    const { accepting } = yield* Readiness
    const silent = yield* SilentConnections
    yield* Effect.addFinalizer(() => Effect.andThen(Ref.set(accepting, false), silent.end))
  })
)

/** While stopping, each answer ends its connection, or idle kept-alive connections would hold the stop until they are cut. */
const lastAnswers = HttpRouter.middleware(
  Effect.map(
    Readiness,
    ({ accepting }) => (next) =>
      Effect.flatMap(
        next,
        (response) =>
          Effect.map(Ref.get(accepting), (stays) =>
            stays ? response : HttpServerResponse.setHeader(response, "connection", "close"))
      )
  ),
  { global: true }
)

/** Where it listens, once it does: with a port of 0 the log is the only place that knows. */
const sayWhere = Layer.effectDiscard(
  Effect.flatMap(
    HttpServer.HttpServer,
    (server) =>
      Effect.logInfo("service.listening").pipe(Effect.annotateLogs({ url: `http://127.0.0.1:${portOf(server)}` }))
  )
)

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
      Layer.provide(outsideOfSpans(handlers)),
      Layer.provide(requestProblems)
    ),
    HttpApiScalar.layer(api, { path: "/docs" }),
    healthRoutes,
    problemBoundary(api),
    lastAnswers
  )
  return Layer.mergeAll(unreadyFirst, sayWhere).pipe(
    Layer.provideMerge(HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true })),
    Layer.provideMerge(listeningServer(listen)),
    Layer.provide(Readiness.layer),
    Layer.provide(untracedProbes)
  )
}

/** The port a running server really took. */
export const portOf = (server: HttpServer.HttpServer["Service"]): number =>
  "port" in server.address ? Number(server.address.port) : 0
