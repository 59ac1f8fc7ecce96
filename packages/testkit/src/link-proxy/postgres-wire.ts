import { bindOf, parseOf, type Statement, textAt } from "./postgres-messages.ts"
import { isCommit, isControl, isWrite, nameOfStatement } from "./short-names.ts"
import type { AnswerReader, Request, RequestReader, WireReaders } from "./wire.ts"

const LENGTH_BYTES = 4
const SSL_REQUEST = 80_877_103
const GSS_REQUEST = 80_877_104
const NO = Buffer.from("N")
const READY_FOR_QUERY = 0x5a
const IDLE = 0x49

const part = (bytes: Buffer): Request => ({
  kind: "part",
  bytes,
  what: "",
  text: "",
  payload: "",
  writes: false,
  commits: false,
  copy: undefined
})

/** What has been collected since the last Sync. */
interface Collected {
  readonly messages: Array<Buffer>
  readonly parsed: Array<string>
  readonly bound: Array<string>
  readonly payloads: Array<() => string>
}
const nothing = (): Collected => ({ messages: [], parsed: [], bound: [], payloads: [] })

/** A name is parsed once; the rest of what was sent may be said again. */
const saidAgain = (message: Buffer) => {
  const type = String.fromCharCode(message[0]!)
  return type !== "C" && (type !== "P" || textAt(message, 1 + LENGTH_BYTES) === "")
}

const exchangeOf = ({ bound, messages, parsed, payloads }: Collected): Request => {
  const statements = bound.length > 0 ? bound : parsed
  const bytes = Buffer.concat(messages)
  return {
    kind: statements.length > 0 ? "exchange" : "plain",
    bytes,
    what: nameOfStatement(statements[0] ?? ""),
    text: statements.join(";\n"),
    get payload() {
      return payloads.map((payload) => payload()).join("\n")
    },
    writes: statements.some(isWrite),
    commits: statements.some(isCommit),
    get copy() {
      return statements.some(isControl) ? undefined : Buffer.concat(messages.filter(saidAgain))
    }
  }
}

const requests = (replyToClient: (bytes: Buffer) => void): RequestReader => {
  const prepared = new Map<string, Statement>()
  let unread = Buffer.alloc(0)
  let isStarted = false
  let collected = nothing()

  const finish = (): Request => {
    const request = exchangeOf(collected)
    collected = nothing()
    return request
  }

  /** Log-in. Encryption is declined here, so that the server never hears of it. */
  const takeFirst = (message: Buffer): Request | undefined => {
    const code = message.readUInt32BE(LENGTH_BYTES)
    if (code === SSL_REQUEST || code === GSS_REQUEST) {
      replyToClient(NO)
      return undefined
    }
    isStarted = true
    return part(message)
  }

  const take = (message: Buffer): Request | undefined => {
    collected.messages.push(message)
    switch (String.fromCharCode(message[0]!)) {
      case "P": {
        const statement = parseOf(message)
        prepared.set(statement.name, statement)
        collected.parsed.push(statement.text)
        return undefined
      }
      case "B": {
        const bind = bindOf(message)
        const statement = prepared.get(bind.statement)
        collected.bound.push(statement?.text ?? "")
        collected.payloads.push(() => bind.payload(statement))
        return undefined
      }
      case "Q":
        collected.bound.push(textAt(message, 1 + LENGTH_BYTES))
        return finish()
      case "S":
      case "F":
        return finish()
      case "H": // Flush, a password, a copy's data, good-bye: nobody waits for the end of an answer.
      case "p":
      case "d":
      case "c":
      case "f":
      case "X":
        return part(finish().bytes)
      default:
        return undefined
    }
  }

  return {
    push: (chunk) => {
      unread = unread.length === 0 ? chunk as Buffer<ArrayBuffer> : Buffer.concat([unread, chunk])
      const found: Array<Request> = []
      for (;;) {
        const typeBytes = isStarted ? 1 : 0
        if (unread.length < typeBytes + LENGTH_BYTES) return found
        const size = typeBytes + unread.readUInt32BE(typeBytes)
        if (unread.length < size) return found
        const message = unread.subarray(0, size)
        unread = unread.subarray(size)
        const request = isStarted ? take(message) : takeFirst(message)
        if (request !== undefined) found.push(request)
      }
    }
  }
}

/** Every answer ends with ReadyForQuery, which says whether a transaction is open. */
const answers = (): AnswerReader => {
  const header = Buffer.alloc(1 + LENGTH_BYTES)
  let read = 0
  let left = 0
  let isOpen = false
  return {
    begin: () => {},
    push: (chunk) => {
      for (let i = 0; i < chunk.length;) {
        if (read < header.length) {
          header[read++] = chunk[i++]!
          if (read === header.length) left = header.readUInt32BE(1) - LENGTH_BYTES
        } else {
          const taken = Math.min(left, chunk.length - i)
          i += taken
          left -= taken
        }
        if (read < header.length || left > 0) continue
        read = 0
        if (header[0] !== READY_FOR_QUERY) continue
        isOpen = chunk[i - 1] !== IDLE
        return i
      }
      return undefined
    },
    inTransaction: () => isOpen
  }
}

export const postgresWire: WireReaders = {
  requests,
  answers,
  partOf: (answer) => Math.max(1, Math.floor(answer.length / 2)),
  copies_apart: false
}
