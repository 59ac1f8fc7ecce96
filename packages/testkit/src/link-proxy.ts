import { Effect, Redacted, type Scope } from "effect"
import { createServer, type NetConnectOpts } from "node:net"
import { armedTriggers } from "./link-proxy/armed-triggers.ts"
import { Connection, type Plan, type Transaction } from "./link-proxy/connection.ts"
import { enact } from "./link-proxy/enact.ts"
import type { Exchange, Fault, Hit, LinkProxy, Wire } from "./link-proxy/exchange.ts"
import { HEALTHY, type Regime, seededFates } from "./link-proxy/fate.ts"
import { httpWire } from "./link-proxy/http-wire.ts"
import { postgresWire } from "./link-proxy/postgres-wire.ts"
import type { Request } from "./link-proxy/wire.ts"

export {
  type Exchange,
  type Fault,
  faults,
  type LinkProxy,
  type Moment,
  type Trigger,
  type Wire
} from "./link-proxy/exchange.ts"

const DELAY_MILLIS = 100
const DEFAULT_PORT = { http: 80, postgres: 5432 } as const

interface LinkOptions {
  readonly name: string
  readonly wire: Wire
  readonly target: Redacted.Redacted | string
  /** The same seed, the same faults for the same exchanges. */
  readonly seed: number
}

const urlOf = (target: Redacted.Redacted | string) =>
  new URL(Redacted.isRedacted(target) ? Redacted.value(target) : target)

const addressOf = (url: URL, wire: Wire): NetConnectOpts => ({
  host: url.hostname.replace(/^\[|\]$/g, ""),
  port: Number(url.port || DEFAULT_PORT[wire])
})

/** The URL of the same thing behind another port; no slash where there was no path. */
const withPort = (target: Redacted.Redacted | string, port: number) => {
  const url = urlOf(target)
  url.hostname = "127.0.0.1"
  url.port = String(port)
  return url.pathname === "/" && url.search === "" ? url.toString().replace(/\/$/, "") : url.toString()
}

const counted = () => {
  const counts = new Map<string, Hit & { count: number }>()
  const count = (what: string, fault: Fault | "none") => {
    const key = `${what}\n${fault}`
    const known = counts.get(key)
    if (known === undefined) counts.set(key, { what, fault, count: 1 })
    else known.count++
  }
  return { count, all: () => [...counts.values()].map((hit): Hit => ({ ...hit })) }
}

/**
 * A proxy on the way to one server that understands what passes, and can be told to do to it what networks and crashes do.
 * Neither side needs to know. It listens on the loopback until the scope closes.
 */
export const linkProxy: (options: LinkOptions) => Effect.Effect<LinkProxy, never, Scope.Scope> = Effect.fnUntraced(
  function*({ name, seed, target, wire }: LinkOptions) {
    const readers = wire === "http" ? httpWire : postgresWire
    const run = Effect.runForkWith(yield* Effect.context<never>())
    const connections = new Set<Connection>()
    const triggers = armedTriggers()
    const fates = seededFates(wire, seed)
    const { all, count } = counted()
    let address = addressOf(urlOf(target), wire)
    let regime: Regime = HEALTHY

    const exchangeOf = (request: Request, within: ReadonlyArray<string>): Exchange => ({
      link: name,
      wire,
      what: request.what,
      text: request.text,
      get payload() {
        return request.payload
      },
      within
    })

    const planOf = (request: Request, transaction: Transaction): Plan | undefined => {
      const exchange = exchangeOf(request, transaction.within)
      const triggered = triggers.isAny() ? triggers.planOf(exchange) : undefined
      const fate = fates.ofRequest(request, transaction.isOpen, regime)
      const suffers = triggered === undefined && fate !== undefined && regime.only?.(exchange) !== false
      count(request.what, suffers ? fate.fault : "none")
      if (!suffers) return triggered
      const { delay_millis = DELAY_MILLIS } = regime
      return enact(fate.fault, { random: fate.random, delay_millis, readers })
    }

    const listener = createServer((client) => {
      if (fates.isRefused(regime)) {
        count("connect", "refuse")
        client.on("error", () => {}).resetAndDestroy()
        return
      }
      client.setNoDelay(true)
      const closed = (connection: Connection) => void connections.delete(connection)
      connections.add(new Connection(client, { readers, target: () => address, planOf, run, closed }))
    })
    const listen = (port: number) =>
      Effect.promise(() => new Promise<void>((resolve) => listener.listen(port, "127.0.0.1", () => resolve())))
    const cut = Effect.promise(() =>
      new Promise<void>((resolve) => {
        listener.close(() => resolve())
        for (const connection of connections) connection.drop()
      })
    )
    yield* Effect.acquireRelease(listen(0), () => cut)
    const listening = listener.address()
    const port = typeof listening === "object" && listening !== null ? listening.port : 0

    return {
      name,
      wire,
      url: Redacted.make(withPort(target, port)),
      suffer: (shares, options = {}) =>
        Effect.sync(() => {
          regime = { ...options, shares }
          if ((shares.refuse ?? 0) > 0) { for (const connection of connections) connection.closeWhenIdle() }
        }),
      heal: Effect.sync(() => {
        regime = HEALTHY
        for (const connection of connections) if (connection.hangs()) connection.drop()
      }),
      cut,
      restore: listen(port),
      redirect: (target) => Effect.sync(() => void (address = addressOf(urlOf(target), wire))),
      trigger: triggers.arm,
      hits: Effect.sync(all)
    }
  }
)
