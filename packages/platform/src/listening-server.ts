import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Context, Effect, Layer } from "effect"
import { createServer } from "node:http"
import type { Socket } from "node:net"

export interface ListenSettings {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
}

/** How long requests in flight get to finish after SIGTERM; the whole stop must fit into 20 s. */
const DRAIN_TIMEOUT_MILLIS = 10_000
/** Slow headers or bodies are cut off, or a few idle clients could hold every socket. */
const HEADERS_TIMEOUT_MILLIS = 10_000
const REQUEST_TIMEOUT_MILLIS = 30_000
const KEEP_ALIVE_TIMEOUT_MILLIS = 65_000

/** The listener's connections that have not asked for anything yet, such as browsers open in advance. */
export class SilentConnections extends Context.Service<SilentConnections, {
  /** A stop that waited for these would wait for nothing. */
  readonly end: Effect.Effect<void>
}>()("surety/platform/SilentConnections") {}

/**
 * Node's HTTP server with limits, listening. When its scope closes it takes no new connections, lets requests in flight
 * finish, and after the drain time-out cuts whatever is still open.
 */
export const listeningServer = (listen: ListenSettings) =>
  Layer.unwrap(Effect.sync(() => {
    const silent = new Set<Socket>()
    const server = createServer({
      headersTimeout: HEADERS_TIMEOUT_MILLIS,
      requestTimeout: REQUEST_TIMEOUT_MILLIS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MILLIS
    })
    server.on("connection", (socket) => silent.add(socket.once("close", () => silent.delete(socket))))
    server.on("request", (request) => silent.delete(request.socket))
    const end = Effect.sync(() => {
      for (const socket of silent) socket.destroy()
      // A request whose body never comes waits for it uninterruptibly, and so would the stop.
      setTimeout(() => server.closeAllConnections(), DRAIN_TIMEOUT_MILLIS).unref()
    })
    const cutTheRest = Effect.addFinalizer(() => Effect.sync(() => server.closeAllConnections()))
    return Layer.effect(SilentConnections, Effect.as(cutTheRest, { end })).pipe(
      Layer.provideMerge(
        NodeHttpServer.layer(() => server, { ...listen, gracefulShutdownTimeout: DRAIN_TIMEOUT_MILLIS })
      )
    )
  }))
