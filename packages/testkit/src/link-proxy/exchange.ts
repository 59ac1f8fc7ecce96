import type { Effect, Redacted } from "effect"

/** What is spoken on a link: HTTP/1.1, or PostgreSQL's protocol 3. Without TLS. */
export type Wire = "http" | "postgres"

/**
 * What a link can do to an exchange.
 *
 * - `delay`: it is forwarded late, and also when the client has meanwhile given up
 * - `refuse`: new connections are reset at once; those that there are are closed as soon as they are idle
 * - `reset_before`: the connection is reset, the request never delivered
 * - `reset_after`: the request is delivered, and the connection reset when the whole answer has come back
 * - `blackhole`: neither is the request delivered nor any answer; the connection stays open
 * - `half_open`: the request is delivered and done, the answer never passed on; the connection stays open
 * - `truncate`: a part of the answer, then the connection ends
 * - `garbage`: the request is done, and bytes that are no answer come in its place; the connection stays open
 * - `duplicate`: the request is delivered twice, and only the first answer passed on. HTTP: a copy on a connection of its
 *   own, at once or after the answer. PostgreSQL: once more on the same connection, and only outside a transaction
 * - `trickle`: the answer comes byte by byte, and takes as long as the longest delay
 * - `swallow`: what commits (PostgreSQL: COMMIT, or a statement outside a transaction that writes; HTTP: all but GET) is
 *   done, and the connection reset instead of its answer
 */
export const faults = [
  "delay",
  "refuse",
  "reset_before",
  "reset_after",
  "blackhole",
  "half_open",
  "truncate",
  "garbage",
  "duplicate",
  "trickle",
  "swallow"
] as const
export type Fault = (typeof faults)[number]

/** One request and its answer: an HTTP request, or what a PostgreSQL client sends up to a Sync. */
export interface Exchange {
  /** The name of the proxy. */
  readonly link: string
  readonly wire: Wire
  /** Short and stable, for a row of a table: `POST /reservations/batch`, `INSERT INTO orders.orders`, `COMMIT`. */
  readonly what: string
  /** Method, path and query, or the whole SQL. */
  readonly text: string
  /** The body, or the parameters, as text. */
  readonly payload: string
  /** What has been done before in the same transaction of a database, so that a COMMIT is known by what it commits. */
  readonly within: ReadonlyArray<string>
}

/**
 * When something may be done to an exchange: the request has arrived whole and is not forwarded yet; it has just been
 * forwarded; the whole answer has arrived and is not passed on yet; it has been passed on.
 */
export type Moment = "before_forwarding" | "after_forwarding" | "answer_withheld" | "after_reply"

export interface Suffering {
  /** Which exchanges suffer; all if it is left out. Connections are refused whatever it says. */
  readonly only?: (exchange: Exchange) => boolean
  /** The longest delay; 100 if it is left out. */
  readonly delay_millis?: number
}

export interface Trigger {
  readonly match: (exchange: Exchange) => boolean
  readonly moment: Moment
  readonly act: Effect.Effect<void>
  /** After `act`: it goes on as if nothing had been, which is the default; or the connection is reset. */
  readonly afterwards?: "pass" | "drop"
}

export interface Hit {
  readonly what: string
  readonly fault: Fault | "none"
  readonly count: number
}

export interface LinkProxy {
  readonly name: string
  readonly wire: Wire
  /** The target's URL with the proxy's port; credentials, path and query are kept. */
  readonly url: Redacted.Redacted
  /** From now on exchanges suffer these faults with these shares (0..1), decided by the seed. `{}` heals what is to come. */
  readonly suffer: (shares: Partial<Record<Fault, number>>, options?: Suffering) => Effect.Effect<void>
  /** No faults any more; connections that hang from before are reset. */
  readonly heal: Effect.Effect<void>
  /** Resets every connection and refuses new ones. */
  readonly cut: Effect.Effect<void>
  /** Listens again, on the same port. */
  readonly restore: Effect.Effect<void>
  /** What connects from now on is led to another server that listens at this URL. */
  readonly redirect: (target: Redacted.Redacted | string) => Effect.Effect<void>
  /**
   * When the next matching exchange reaches the moment, `act` runs before anything else passes on that connection. Succeeds
   * with an effect that waits until it was hit and `act` has ended. Such an exchange suffers no fault.
   */
  readonly trigger: (trigger: Trigger) => Effect.Effect<Effect.Effect<Exchange>>
  /** Exchanges seen and faults suffered, since the start. A refused connection is a `connect`. */
  readonly hits: Effect.Effect<ReadonlyArray<Hit>>
}
