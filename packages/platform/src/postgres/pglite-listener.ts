import { randomInt, timingSafeEqual } from "node:crypto"
import { createServer } from "node:net"
import type { Server, Socket } from "node:net"
import type { PgliteSession, SessionClient } from "./pglite-session.ts"
import {
  CANCEL_REQUEST,
  failure,
  GSS_REQUEST,
  int32,
  MAX_MESSAGE_BYTES,
  type Message,
  message,
  PROTOCOL_3,
  readyForQuery,
  SSL_REQUEST,
  startupParameters,
  takeMessages,
  takeStartup,
  text,
  textAt
} from "./wire-messages.ts"

const USER = "postgres"
const DATABASE = "postgres"
const MAX_KEY = 2 ** 31 - 1

/** Start-up parameters that are no settings, or that one session in UTF-8 cannot change. */
const NOT_SETTINGS = new Set(["user", "database", "client_encoding", "replication", "options"])

/** What is wrong with a start-up packet, as SQLSTATE and text, in the words of a real server. */
const objection = (parameters: ReadonlyMap<string, string>): readonly [string, string] | undefined => {
  const user = parameters.get("user") ?? ""
  const database = parameters.get("database") ?? user
  if (user !== USER) return ["28000", `role "${user}" does not exist: PGlite knows ${USER}, and the parameter "role"`]
  if (database !== DATABASE) return ["3D000", `database "${database}" does not exist`]
  if (parameters.has("options")) return ["0A000", "PGlite takes settings as start-up parameters, not as options"]
  if (parameters.has("replication")) return ["0A000", "PGlite does not replicate"]
  return undefined
}

interface ServeOptions {
  readonly session: PgliteSession
  readonly port: number
  readonly password: string
  readonly serverVersion: string
}

/** Serves a shared PGlite session to PostgreSQL clients on 127.0.0.1: start-up, password, and messages cut into batches. */
export const serveSession = (options: ServeOptions): Promise<Server> => {
  const connections = new Map<number, Connection>()
  const server = createServer((socket) => {
    const connection = new Connection(options, connections, socket)
    connections.set(connection.key, connection)
  })
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(options.port, "127.0.0.1", () => resolve(server))
  })
}

class Connection implements SessionClient {
  /** Stands for the process id of a real server, and is secret enough to cancel by. */
  readonly key = randomInt(1, MAX_KEY)
  readonly statements = new Set<string>()
  settings: ReadonlyArray<readonly [string, string]> = []
  readonly #options: ServeOptions
  readonly #connections: Map<number, Connection>
  readonly #socket: Socket
  #phase: "startup" | "password" | "ready" | "gone" = "startup"
  #arrived: Buffer = Buffer.alloc(0)
  #batch: Array<Buffer> = []

  constructor(options: ServeOptions, connections: Map<number, Connection>, socket: Socket) {
    this.#options = options
    this.#connections = connections
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on("data", (chunk) => this.#read(chunk))
    socket.on("error", () => this.#leave())
    socket.on("close", () => this.#leave())
  }

  send(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes)
  }

  end(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.end(bytes)
    this.#leave()
  }

  #leave(): void {
    if (this.#phase === "gone") return
    this.#connections.delete(this.key)
    const wasReady = this.#phase === "ready"
    this.#phase = "gone"
    if (wasReady) this.#options.session.leave(this)
  }

  #read(chunk: Buffer): void {
    this.#arrived = Buffer.concat([this.#arrived, chunk])
    try {
      if (this.#phase === "startup") this.#readStartup()
      if (this.#phase === "password" || this.#phase === "ready") this.#readMessages()
    } catch (cause) {
      this.end(failure("FATAL", "08P01", String(cause)))
    }
  }

  #readStartup(): void {
    const packet = takeStartup(this.#arrived)
    if (packet === undefined) return
    this.#arrived = packet.rest
    if (packet.code === SSL_REQUEST || packet.code === GSS_REQUEST) {
      this.send(Buffer.from("N"))
      return this.#readStartup()
    }
    if (packet.code === CANCEL_REQUEST) {
      const connection = this.#connections.get(packet.body.readInt32BE(0))
      if (connection !== undefined) this.#options.session.cancel(connection)
      return this.end(Buffer.alloc(0))
    }
    if (packet.code !== PROTOCOL_3) return this.end(failure("FATAL", "0A000", "unsupported protocol version"))
    const parameters = startupParameters(packet.body)
    const refused = objection(parameters)
    if (refused !== undefined) return this.end(failure("FATAL", ...refused))
    this.settings = [...parameters].filter(([name]) => !NOT_SETTINGS.has(name))
    this.#phase = "password"
    this.send(message("R", int32(3))) // "clear text, please": it goes no further than this machine
  }

  #readMessages(): void {
    const { messages, rest } = takeMessages(this.#arrived, MAX_MESSAGE_BYTES)
    this.#arrived = rest
    for (const each of messages) {
      if (this.#phase === "gone") return
      if (each.type === "X") return this.end(Buffer.alloc(0))
      if (this.#phase === "password") this.#checkPassword(each)
      else this.#collect(each)
    }
  }

  #checkPassword({ bytes, type }: Message): void {
    const given = Buffer.from(type === "p" ? textAt(bytes, 5) : "")
    const expected = Buffer.from(this.#options.password)
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      return this.end(failure("FATAL", "28P01", `password authentication failed for user "${USER}"`))
    }
    this.#phase = "ready"
    const parameter = (name: string, value: string) => message("S", text(name), text(value))
    this.#options.session.greet(
      this,
      Buffer.concat([
        message("R", int32(0)),
        parameter("server_version", this.#options.serverVersion),
        parameter("server_encoding", "UTF8"),
        parameter("client_encoding", "UTF8"),
        parameter("DateStyle", "ISO, MDY"),
        parameter("integer_datetimes", "on"),
        parameter("standard_conforming_strings", "on"),
        message("K", int32(this.key), int32(0)),
        readyForQuery("I")
      ])
    )
  }

  /** Gathers messages up to a Sync, a simple query or a Flush, and keeps account of the prepared statements. */
  #collect({ bytes, type }: Message): void {
    if (type === "d" || type === "c" || type === "f") {
      return this.end(failure("FATAL", "0A000", "PGlite does not take COPY from a client"))
    }
    const isNamed = bytes[5] !== 0
    if (type === "P" && isNamed) this.statements.add(textAt(bytes, 5))
    if (type === "C" && bytes[5] === "S".charCodeAt(0)) this.statements.delete(textAt(bytes, 6))
    this.#batch.push(bytes)
    if (type !== "S" && type !== "Q" && type !== "H") return
    this.#options.session.submit(this, Buffer.concat(this.#batch), type !== "H")
    this.#batch = []
  }
}
