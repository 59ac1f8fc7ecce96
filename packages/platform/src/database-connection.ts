import { connect, type NetConnectOpts, type Socket } from "node:net"
import { Duplex } from "node:stream"

/** Where a PostgreSQL URL leads: a host and port, or the socket in a folder, as libpq reads it. */
const addressOf = (databaseUrl: string): NetConnectOpts => {
  const { hostname, port: urlPort, searchParams } = new URL(databaseUrl)
  const host = searchParams.get("host") ?? (decodeURIComponent(hostname.replace(/^\[|\]$/g, "")) || "localhost")
  const port = Number(searchParams.get("port") ?? (urlPort || 5432))
  return host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port, noDelay: true }
}

/**
 * A connection that is broken off when the server, asked something, says nothing for `answerTimeoutMillis`. The driver
 * itself waits for ever, even through an interruption if a COMMIT is under way; and TCP's keep-alive sees neither an
 * answer lost on the way nor a server that hangs. A duplex rather than a socket, so that TLS goes through it too.
 */
export class WatchedConnection extends Duplex {
  private readonly socket: Socket
  private readonly answerTimeoutMillis: number
  private waiting: NodeJS.Timeout | undefined

  constructor(databaseUrl: string, answerTimeoutMillis: number) {
    super()
    this.answerTimeoutMillis = answerTimeoutMillis
    this.socket = connect(addressOf(databaseUrl))
    this.socket.on("data", (chunk: Buffer) => {
      this.heard()
      if (!this.push(chunk)) this.socket.pause()
    })
    this.socket.on("end", () => this.push(null))
    this.socket.on("error", (error) => this.destroy(error))
    this.socket.on("close", () => this.destroy())
  }

  private asked(): void {
    this.waiting ??= setTimeout(
      () => this.destroy(new Error(`the database said nothing for ${this.answerTimeoutMillis} ms`)),
      this.answerTimeoutMillis
    )
  }

  private heard(): void {
    clearTimeout(this.waiting)
    this.waiting = undefined
  }

  override _read(): void {
    this.socket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.asked()
    this.socket.write(chunk, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.socket.end(() => done())
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.heard()
    this.socket.destroy()
    done(error)
  }
}
