import { Effect, Redacted } from "effect"
import { connect, createServer, type Server, type Socket } from "node:net"

const closed = (server: Server, sockets: Set<Socket>) =>
  Effect.promise(() =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  )

/** Stands between a service and its database, so that a test can take the database away and give it back. */
export const switchableProxy = Effect.fn(function*(database: Redacted.Redacted) {
  const target = new URL(Redacted.value(database))
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    client.pipe(upstream)
    upstream.pipe(client)
    for (const [socket, other] of [[client, upstream], [upstream, client]] as const) {
      sockets.add(socket)
      socket.on("error", () => {}).on("close", () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  })
  const listen = (port: number) =>
    Effect.promise(() => new Promise<void>((resolve) => server.listen(port, "127.0.0.1", () => resolve())))
  yield* Effect.acquireRelease(listen(0), () => closed(server, sockets))
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  const url = new URL(target)
  url.hostname = "127.0.0.1"
  url.port = String(port)
  return { url: Redacted.make(url.toString()), cut: closed(server, sockets), restore: listen(port) }
})
