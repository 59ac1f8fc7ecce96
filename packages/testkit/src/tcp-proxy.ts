import { Deferred, Effect, Redacted } from "effect"
import { connect, createServer, type Socket } from "node:net"

/** How an answer gets lost: the connection is reset in its place, or stays open and never says anything again. */
export type Loss = "reset" | "silence"

/** Which answer is meant: the one to a request with a text in it, or one that has a text in itself. */
export type Which = { readonly to: string } | { readonly saying: string }

/** The longest text that is found also when it arrives in two pieces. */
const TEXT_MAX_BYTES = 256

interface Plan {
  readonly which: Which
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
  /** What the client sent while everything is held. */
  readonly held: Array<Buffer>
}

/** Stands before a server that a URL names, so that a test can take it away, lose its answers, and give it back. */
export const tcpProxy = Effect.fn(function*(server: Redacted.Redacted) {
  const target = new URL(Redacted.value(server))
  const pairs = new Set<Pair>()
  const plans = new Set<Plan>()
  let allSilent = false
  let holding: Deferred.Deferred<void> | undefined

  const drop = (pair: Pair) => {
    pairs.delete(pair)
    pair.client.resetAndDestroy()
    pair.upstream.destroy()
  }

  const fromClient = (pair: Pair, chunk: Buffer) => {
    if (holding !== undefined) {
      pair.held.push(chunk)
      Deferred.doneUnsafe(holding, Effect.void)
      return
    }
    for (const plan of plans) {
      if (!("to" in plan.which)) continue
      const begun = pair.tail.subarray(-Buffer.byteLength(plan.which.to) + 1)
      if (!Buffer.concat([begun, chunk]).includes(plan.which.to)) continue
      plans.delete(plan)
      pair.plan = plan
    }
    pair.tail = chunk.subarray(-TEXT_MAX_BYTES)
    pair.upstream.write(chunk)
  }

  /** The server answers a request only when it has done it, so what is lost here has happened. */
  const fromServer = (pair: Pair, chunk: Buffer) => {
    const plan = pair.plan ?? [...plans].find(({ which }) => "saying" in which && chunk.includes(which.saying))
    if (plan === undefined) {
      if (!pair.silent) pair.client.write(chunk)
      return
    }
    pair.plan = undefined
    plans.delete(plan)
    if (plan.loss === "silence") pair.silent = true
    else drop(pair)
    Deferred.doneUnsafe(plan.lost, Effect.void)
  }

  const listener = createServer((client) => {
    const upstream = connect({ host: target.hostname, port: Number(target.port), noDelay: true })
    const pair: Pair = { client, upstream, tail: Buffer.alloc(0), plan: undefined, silent: allSilent, held: [] }
    pairs.add(pair)
    client.on("data", (chunk: Buffer) => fromClient(pair, chunk))
    upstream.on("data", (chunk: Buffer) => fromServer(pair, chunk))
    for (const socket of [client, upstream]) socket.on("error", () => {}).on("close", () => drop(pair))
  })
  const listen = (port: number) =>
    Effect.promise(() => new Promise<void>((resolve) => listener.listen(port, "127.0.0.1", () => resolve())))
  const close = Effect.promise(() =>
    new Promise<void>((resolve) => {
      listener.close(() => resolve())
      for (const pair of pairs) drop(pair)
    })
  )
  yield* Effect.acquireRelease(listen(0), () => close)
  const address = listener.address()
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
    /** Keeps back what clients send. `arrived` waits for the first of it, `release` lets it all go on. */
    hold: Effect.sync(() => {
      const arrived = holding = Deferred.makeUnsafe()
      const release = Effect.sync(() => {
        holding = undefined
        for (const pair of pairs) for (const chunk of pair.held.splice(0)) fromClient(pair, chunk)
      })
      return { arrived: Deferred.await(arrived), release }
    }),
    /** Loses the next such answer. Succeeds with an effect that waits for the loss. */
    loseAnswer: (which: Which, loss: Loss) =>
      Effect.sync(() => {
        const plan: Plan = { which, loss, lost: Deferred.makeUnsafe() }
        plans.add(plan)
        return Deferred.await(plan.lost)
      })
  }
})
