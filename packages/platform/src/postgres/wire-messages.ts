/**
 * The few messages of PostgreSQL's protocol 3.0 that a server in front of PGlite makes and reads.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */

/** Codes that stand where a start-up packet has its protocol version. */
export const PROTOCOL_3 = 196_608
export const CANCEL_REQUEST = 80_877_102
export const SSL_REQUEST = 80_877_103
export const GSS_REQUEST = 80_877_104

/** Longer than this no client's message is; the driver's own limit for what it receives is the same. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

/** One message: its type, one letter, and all its bytes, type and length included. */
export interface Message {
  readonly type: string
  readonly bytes: Buffer
}

export const message = (type: string, ...parts: ReadonlyArray<Buffer>): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type, "latin1"), int32(body.length + 4), body])
}

export const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export const text = (value: string): Buffer => Buffer.from(`${value}\0`)

export const query = (sql: string): Buffer => message("Q", text(sql))

export const sync = message("S")

export const closeStatement = (name: string): Buffer => message("C", text(`S${name}`))

/** What the server says when it is done; `I` is outside a transaction, `T` inside, `E` inside a failed one. */
export const readyForQuery = (status: "I" | "T" | "E"): Buffer => message("Z", Buffer.from(status))

/** An error, `FATAL` where the connection ends with it; the code is an SQLSTATE. */
export const failure = (severity: "ERROR" | "FATAL", code: string, reason: string): Buffer =>
  message("E", text(`S${severity}`), text(`V${severity}`), text(`C${code}`), text(`M${reason}`), Buffer.alloc(1))

/** Takes the whole messages off the front of what has arrived. Throws on a length that cannot be. */
export const takeMessages = (
  arrived: Buffer,
  maxBytes: number
): { readonly messages: ReadonlyArray<Message>; readonly rest: Buffer } => {
  const messages: Array<Message> = []
  let at = 0
  while (arrived.length - at >= 5) {
    const length = arrived.readInt32BE(at + 1)
    if (length < 4 || length > maxBytes) throw new Error(`a message of ${length} bytes`)
    const end = at + 1 + length
    if (end > arrived.length) break
    messages.push({ type: arrived.toString("latin1", at, at + 1), bytes: arrived.subarray(at, end) })
    at = end
  }
  return { messages, rest: arrived.subarray(at) }
}

/** The first untyped packet of a connection, whole, or undefined while parts are missing. */
export const takeStartup = (
  arrived: Buffer
): { readonly code: number; readonly body: Buffer; readonly rest: Buffer } | undefined => {
  if (arrived.length < 8) return undefined
  const length = arrived.readInt32BE(0)
  if (length < 8 || length > MAX_MESSAGE_BYTES) throw new Error(`a start-up packet of ${length} bytes`)
  if (arrived.length < length) return undefined
  return { code: arrived.readInt32BE(4), body: arrived.subarray(8, length), rest: arrived.subarray(length) }
}

/** Names and values of a start-up packet, in the client's order. */
export const startupParameters = (body: Buffer): ReadonlyMap<string, string> => {
  const words = body.toString("utf8").split("\0")
  const parameters = new Map<string, string>()
  for (let at = 0; at + 1 < words.length && words[at] !== ""; at += 2) {
    parameters.set(words[at] ?? "", words[at + 1] ?? "")
  }
  return parameters
}

/** The zero-terminated text that begins at a position of a message. */
export const textAt = (bytes: Buffer, at: number): string => bytes.toString("utf8", at, bytes.indexOf(0, at))
