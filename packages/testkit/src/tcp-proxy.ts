import { Deferred, Effect, Redacted } from "effect"
import { connect, createServer, type Socket } from "node:net"

/** How an answer gets lost: the connection is reset in its place, or stays open and never says anything again. */
export type Loss = "reset" | "silence"

/** The longest text that is found also when it arrives in two pieces. */
const TEXT_MAX_BYTES = 256

interface Plan {
  readonly text: string
  readonly loss: Loss
  readonly lost: Deferred.Deferred<void>
}

interface Pair {
  readonly client: Socket
  readonly upstream: Socket
  /** The end of what the client sent last. */
  tail: Buffer
  plan: Plan | undefined
  silent: boolean
}

/** Stands between services and their database, so that a test can take it away, lose its answers, and give it back. */
export const tcpProxy = Effect.fn(function*(database: Redacted.Redacted) {
  const target = new URL(Redacted.value(database))
  const pairs = new Set<Pair>()
  const plans = new Set<Plan>()
  let allSilent = false

  const drop = (pair: Pair) => {
    pairs.delete(pair)
    pair.client.resetAndDestroy()
    pair.upstream.destroy()
  }

  const fromClient = (pair: Pair, chunk: Buffer) => {
    for (const plan of plans) {
      const begun = pair.tail.subarray(-Buffer.byteLength(plan.text) + 1)
      if (!Buffer.concat([begun, chunk]).includes(plan.text)) continue
      plans.delete(plan)
      pair.plan = plan
    }
    pair.tail = chunk.subarray(-TEXT_MAX_BYTES)
    pair.upstream.write(chunk)
  }

  /** The server answers a request only when it has done it, so what is lost here has happened. */
  const fromServer = (pair: Pair, chunk: Buffer) => {
    const { plan } = pair
    if (plan === undefined) {
      if (!pair.silent) pair.client.write(chunk)
      return
    }
    pair.plan = undefined
    if (plan.loss === "silence") pair.silent = true
    else drop(pair)
    Deferred.doneUnsafe(plan.lost, Effect.void)
  }

  const server = createServer((client) => {
    const upstream = connect({ host: target.hostname, port: Number(target.port), noDelay: true })
    const pair: Pair = { client, upstream, tail: Buffer.alloc(0), plan: undefined, silent: allSilent }
    pairs.add(pair)
    client.on("data", (chunk: Buffer) => fromClient(pair, chunk))
    upstream.on("data", (chunk: Buffer) => fromServer(pair, chunk))
    for (const socket of [client, upstream]) socket.on("error", () => {}).on("close", () => drop(pair))
  })
  const listen = (port: number) =>
    Effect.promise(() => new Promise<void>((resolve) => server.listen(port, "127.0.0.1", () => resolve())))
  const close = Effect.promise(() =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const pair of pairs) drop(pair)
    })
  )
  yield* Effect.acquireRelease(listen(0), () => close)
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  const url = new URL(target)
  url.hostname = "127.0.0.1"
  url.port = String(port)

  return {
    url: Redacted.make(url.toString()),
    /** Resets every connection and refuses new ones. */
    cut: close,
    /** Listens again, on the same port. */
    restore: listen(port),
    /** Statements still reach the server, but nobody hears of it; new connections get no answer either. */
    fallSilent: Effect.sync(() => {
      allSilent = true
      for (const pair of pairs) pair.silent = true
    }),
    /** New connections are answered again. Those that fell silent stay so. */
    speakAgain: Effect.sync(() => {
      allSilent = false
    }),
    /** Loses the answer to the next request with this text in it. Succeeds with an effect that waits until it is lost. */
    loseAnswer: (text: string, loss: Loss) =>
      Effect.sync(() => {
        const plan: Plan = { text, loss, lost: Deferred.makeUnsafe() }
        plans.add(plan)
        return Deferred.await(plan.lost)
      })
  }
})
