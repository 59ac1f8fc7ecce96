import { Effect } from "effect"
import { connect, type NetConnectOpts, type Socket } from "node:net"
import { type Gone, heldAnswer } from "./held-answer.ts"
import type { AnswerReader, Request, WireReaders } from "./wire.ts"

/** One request held in the proxy's hand, and what can be done with it. */
export interface Passage {
  readonly request: Request
  /** Sends bytes to the server; its answer is kept back from then on. */
  readonly forward: (bytes: Buffer) => Effect.Effect<void, Gone>
  /** The whole answer to what was forwarded last. */
  readonly answer: Effect.Effect<Buffer, Gone>
  readonly pass: (bytes: Buffer) => Effect.Effect<void>
  /** Sends bytes to the server on a connection of their own and takes no notice of the answer. */
  readonly forwardApart: (bytes: Buffer) => Effect.Effect<void>
  /** The connection ends as if the server had closed it. */
  readonly end: Effect.Effect<void>
  readonly reset: Effect.Effect<void>
  /** The connection stays open, and nothing passes on it any more. */
  readonly hang: Effect.Effect<void>
}

/** What becomes of an exchange that does not simply pass. */
export type Plan = (passage: Passage) => Effect.Effect<void, Gone>

export interface Transaction {
  readonly isOpen: boolean
  readonly within: ReadonlyArray<string>
}

export interface Link {
  readonly readers: WireReaders
  readonly target: () => NetConnectOpts
  /** Undefined: it passes. */
  readonly planOf: (request: Request, transaction: Transaction) => Plan | undefined
  readonly run: (effect: Effect.Effect<void>) => void
  readonly closed: (connection: Connection) => void
}

const toServer = (link: Link) => connect({ ...link.target(), noDelay: true } as NetConnectOpts)

/**
 * Leads a client's connection to the server, a request at a time. A request that nothing waits for passes as it is and
 * its answer with it, piece by piece; else it is held, and its plan says what passes.
 */
export class Connection {
  private readonly client: Socket
  private readonly server: Socket
  private readonly link: Link
  private readonly answers: AnswerReader
  private readonly held = heldAnswer()
  private readonly waiting: Array<Request> = []
  private state: "idle" | "streaming" | "held" | "hanging" | "closed" = "idle"
  private current: Request | undefined
  private within: ReadonlyArray<string> = []
  private isClientGone = false
  private isServerGone = false
  /** Whether what is under way is the last request. */
  private isLast = false

  constructor(client: Socket, link: Link) {
    this.client = client
    this.link = link
    this.server = toServer(link)
    this.answers = link.readers.answers()
    const requests = link.readers.requests((bytes) => void client.write(bytes))
    client.on("data", (chunk: Buffer) => {
      this.waiting.push(...requests.push(chunk))
      this.next()
    })
    this.server.on("data", (chunk: Buffer) => this.hearAll(chunk))
    client.on("error", () => {}).on("close", () => this.clientLeft())
    this.server.on("error", () => void (this.passes() && this.drop())).on("close", () => this.serverLeft())
  }

  hangs(): boolean {
    return this.state === "hanging"
  }

  /** Closes it as a server does that stops: at once, or after the request that is under way. */
  closeWhenIdle(): void {
    this.isLast = true
    if (this.state === "idle") this.end()
  }

  /** Resets it, whatever is under way. */
  drop(): void {
    if (this.state === "closed") return
    this.state = "closed"
    this.isServerGone = true
    // After a FIN there is no reset any more: libuv refuses it, and Node would never let go of the handle.
    if (this.client.writableEnded) this.client.destroy()
    else this.client.resetAndDestroy()
    // What has been forwarded is delivered, as the last words of a process that was killed are.
    this.server.end()
    this.held.lose()
    this.link.closed(this)
  }

  private end(): void {
    if (this.state === "closed") return
    this.state = "hanging"
    this.client.end()
    this.server.destroy()
  }

  private passes(): boolean {
    return this.state === "idle" || this.state === "streaming"
  }

  private next(): void {
    while (this.state === "idle" && this.waiting.length > 0) {
      const request = this.waiting.shift()!
      if (request.kind === "part") this.server.write(request.bytes)
      else this.begin(request)
    }
  }

  private begin(request: Request): void {
    const transaction = { isOpen: this.answers.inTransaction(), within: this.within }
    const plan = request.kind === "exchange" ? this.link.planOf(request, transaction) : undefined
    this.current = request
    if (plan !== undefined) return this.hold(request, plan)
    this.state = "streaming"
    this.answers.begin(request)
    this.server.write(request.bytes)
  }

  private hold(request: Request, plan: Plan): void {
    this.state = "held"
    this.link.run(
      plan(this.passage(request)).pipe(
        Effect.catch(() => Effect.sync(() => this.drop())),
        Effect.andThen(Effect.sync(() => void (this.state === "held" && this.finish(request))))
      )
    )
  }

  private passage(request: Request): Passage {
    return {
      request,
      forward: (bytes) => Effect.suspend(() => this.forward(request, bytes) ? Effect.void : Effect.fail("gone")),
      answer: this.held.whole,
      pass: (bytes) => Effect.sync(() => void (this.state === "closed" || this.client.write(bytes))),
      forwardApart: (bytes) => Effect.sync(() => this.forwardApart(request, bytes)),
      end: Effect.sync(() => this.end()),
      reset: Effect.sync(() => this.drop()),
      hang: Effect.sync(() => {
        if (this.state !== "closed") this.state = "hanging"
      })
    }
  }

  private forward(request: Request, bytes: Buffer): boolean {
    if (this.isServerGone) return false
    this.held.await()
    this.answers.begin(request)
    this.server.write(bytes)
    return true
  }

  private forwardApart(request: Request, bytes: Buffer): void {
    const apart = toServer(this.link)
    const answer = this.link.readers.answers()
    answer.begin(request)
    apart.on("data", (chunk: Buffer) => void (answer.push(chunk) !== undefined && apart.end())).on("error", () => {})
    apart.write(bytes)
  }

  /** The request is through with; the next one may go. */
  private finish(request: Request): void {
    this.within = this.answers.inTransaction() ? [...this.within, request.what] : []
    this.held.letGo()
    this.current = undefined
    this.state = "idle"
    if (this.isClientGone) this.drop()
    else if (this.isServerGone || this.isLast) this.end()
    else this.next()
  }

  private hearAll(chunk: Buffer): void {
    for (let rest = chunk; rest.length > 0;) {
      const at = this.answers.push(rest)
      this.hear(at === undefined ? rest : rest.subarray(0, at), at !== undefined)
      rest = rest.subarray(at ?? rest.length)
    }
  }

  private hear(piece: Buffer, isEnd: boolean): void {
    if (this.state === "closed") this.server.destroy()
    else if (this.state === "held" && this.held.isAwaited()) this.held.add(piece, isEnd)
    else if (this.state !== "hanging") {
      this.client.write(piece)
      if (isEnd && this.state === "streaming") this.finish(this.current!)
    }
  }

  private clientLeft(): void {
    this.isClientGone = true
    // What is on its way arrives even if its sender has meanwhile gone.
    if (this.state === "held" && !this.held.isAwaited()) return
    this.drop()
  }

  private serverLeft(): void {
    this.isServerGone = true
    this.held.lose()
    if (this.passes()) this.end()
  }
}
