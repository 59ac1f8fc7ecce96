import { Effect, Redacted, Schedule, type Scope } from "effect"
import { connect, type Socket } from "node:net"

const PROTOCOL_3 = 196_608
/** What PostgreSQL says first when it has a place for us: how we are to prove who we are. */
const AUTHENTICATE = "R".charCodeAt(0)
const AT_ONCE = 64
const AGAIN_EVERY = "20 millis"

const startUpMessage = (user: string, database: string): Buffer => {
  const words = Buffer.from(`user\0${user}\0database\0${database}\0\0`)
  const head = Buffer.alloc(8)
  head.writeInt32BE(head.length + words.length, 0)
  head.writeInt32BE(PROTOCOL_3, 4)
  return Buffer.concat([head, words])
}

/**
 * Takes every connection that a server has, and every one that becomes free, until the scope closes. A client that is asked
 * for its password has its place among max_connections already; ours never answer, and keep it for a minute.
 *
 * @returns how many are ours now.
 */
export const takeAllConnections = (
  server: Redacted.Redacted
): Effect.Effect<() => number, never, Scope.Scope> =>
  Effect.gen(function*() {
    const { hostname, pathname, port, username } = new URL(Redacted.value(server))
    const hello = startUpMessage(decodeURIComponent(username), pathname.slice(1))
    const ours = new Set<Socket>()
    const asking = new Set<Socket>()
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        for (const socket of [...ours, ...asking]) socket.destroy()
      })
    )
    const ask = () => {
      const socket = connect(Number(port), hostname, () => void socket.write(hello))
      asking.add(socket)
      socket.once("data", (answer: Buffer) => {
        if (answer[0] === AUTHENTICATE) ours.add(socket)
        else socket.destroy()
        asking.delete(socket)
      })
      socket.on("error", () => {}).once("close", () => {
        ours.delete(socket)
        asking.delete(socket)
      })
    }
    const askForMore = Effect.sync(() => {
      while (asking.size < AT_ONCE) ask()
    })
    yield* Effect.forkScoped(Effect.repeat(askForMore, Schedule.spaced(AGAIN_EVERY)))
    return () => ours.size
  })
