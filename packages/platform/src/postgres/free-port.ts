import { Effect } from "effect"
import { createServer } from "node:net"
import { SourceUnavailable } from "./postgres-source.ts"

/** A TCP port of 127.0.0.1 on which nobody listens now: the preferred one if it is free, else any. */
export const freePort = (preferred: number | undefined): Effect.Effect<number, SourceUnavailable> =>
  preferred === undefined ? probe(0) : Effect.catch(probe(preferred), () => probe(0))

const probe = (port: number): Effect.Effect<number, SourceUnavailable> =>
  Effect.callback((resume) => {
    const server = createServer()
    server.once("error", (error) => resume(new SourceUnavailable({ reason: `no free port: ${error.message}` })))
    server.listen(port, "127.0.0.1", () => {
      const address = server.address()
      const found = typeof address === "object" && address !== null ? address.port : port
      server.close(() => resume(Effect.succeed(found)))
    })
  })
