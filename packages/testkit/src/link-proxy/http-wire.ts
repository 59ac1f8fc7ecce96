import { nameOfRequest } from "./short-names.ts"
import type { AnswerReader, Request, RequestReader, WireReaders } from "./wire.ts"

const HEAD_END = "\r\n\r\n"

const header = (head: string, name: string): string | undefined =>
  new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, "im").exec(head)?.[1]

const isChunked = (head: string) => /chunked/i.test(header(head, "transfer-encoding") ?? "")

/** What follows a head: so many bytes, chunks, or whatever comes until the connection ends. */
type Body = number | "chunked" | "until_closed"

const bodyOfRequest = (head: string): Body => isChunked(head) ? "chunked" : Number(header(head, "content-length") ?? 0)

const statusOf = (head: string) => Number(/^HTTP\/1\.\d (\d{3})/.exec(head)?.[1])

const bodyOfAnswer = (head: string, toHead: boolean): Body => {
  const status = statusOf(head)
  if (toHead || status < 200 || status === 204 || status === 304) return 0
  const length = header(head, "content-length")
  return isChunked(head) ? "chunked" : length === undefined ? "until_closed" : Number(length)
}

/** Follows one message through the pieces in which it comes. */
const message = (bodyOf: (head: string) => Body) => {
  let head = ""
  let at: "head" | "body" | "size" | "chunk" | "trailer" | "until_closed" = "head"
  let line = ""
  /** Of the body, or of a chunk with the line's end behind it. */
  let left = 0

  /** Takes a byte of a line; the line, once it is whole. */
  const endOfLine = (byte: number): string | undefined => {
    if (byte !== 10) {
      line += String.fromCharCode(byte)
      return undefined
    }
    const whole = line.trimEnd()
    line = ""
    return whole
  }

  /** Goes on behind a head; true if the message ends with it. */
  const begin = (body: Body): boolean => {
    at = body === "chunked" ? "size" : body === "until_closed" ? "until_closed" : "body"
    left = typeof body === "number" ? body : 0
    return body === 0
  }

  return {
    head: () => head,
    /** Where the message ends in this chunk, if it does. */
    push: (chunk: Buffer, from = 0): number | undefined => {
      for (let i = from; i < chunk.length;) {
        if (at === "until_closed") return undefined
        if (at === "body" || at === "chunk") {
          const taken = Math.min(left, chunk.length - i)
          i += taken
          left -= taken
          if (left > 0) return undefined
          if (at === "body") return i
          at = "size"
          continue
        }
        const byte = chunk[i++]!
        if (at === "head") {
          head += String.fromCharCode(byte)
          if (byte === 10 && head.endsWith(HEAD_END) && begin(bodyOf(head))) return i
          continue
        }
        const whole = endOfLine(byte)
        if (whole === undefined) continue
        if (at === "trailer") {
          if (whole === "") return i
        } else {
          left = Number.parseInt(whole, 16)
          at = left === 0 ? "trailer" : "chunk"
          left += left === 0 ? 0 : 2
        }
      }
      return undefined
    }
  }
}

const dechunked = (body: Buffer): Buffer => {
  const chunks: Array<Buffer> = []
  for (let at = 0;;) {
    const end = body.indexOf("\r\n", at)
    const size = end < 0 ? 0 : Number.parseInt(body.toString("latin1", at, end), 16)
    if (!(size > 0)) return Buffer.concat(chunks)
    chunks.push(body.subarray(end + 2, end + 2 + size))
    at = end + 2 + size + 2
  }
}

const requestOf = (head: string, bytes: Buffer): Request => {
  const [method = "", target = ""] = head.slice(0, head.indexOf("\r\n")).split(" ")
  return {
    kind: "exchange",
    bytes,
    what: nameOfRequest(method, target),
    text: `${method} ${target}`,
    get payload() {
      const body = bytes.subarray(head.length)
      return (isChunked(head) ? dechunked(body) : body).toString()
    },
    writes: !["GET", "HEAD", "OPTIONS"].includes(method),
    commits: false,
    copy: bytes
  }
}

const requests = (): RequestReader => {
  let current = message(bodyOfRequest)
  let begun: Array<Buffer> = []
  return {
    push: (chunk) => {
      const found: Array<Request> = []
      for (let rest = chunk; rest.length > 0;) {
        const end = current.push(rest)
        begun.push(end === undefined ? rest : rest.subarray(0, end))
        if (end === undefined) break
        found.push(requestOf(current.head(), Buffer.concat(begun)))
        rest = rest.subarray(end)
        current = message(bodyOfRequest)
        begun = []
      }
      return found
    }
  }
}

const answers = (): AnswerReader => {
  let current: ReturnType<typeof message> | undefined
  let toHead = false
  const next = () => message((head) => bodyOfAnswer(head, toHead))
  return {
    begin: (request) => {
      toHead = request.text.startsWith("HEAD ")
      current = next()
    },
    push: (chunk) => {
      for (let from = 0; current !== undefined;) {
        const end = current.push(chunk, from)
        if (end === undefined) return undefined
        // "100 Continue" and the like are a first word, not the answer.
        const isFinal = statusOf(current.head()) >= 200
        current = isFinal ? undefined : next()
        if (isFinal) return end
        from = end
      }
      return undefined
    },
    inTransaction: () => false
  }
}

/** With the first chunk, which is the first line of a stream; half of a body; or half of a head that has none. */
const partOf = (answer: Buffer): number => {
  const bodyFrom = answer.indexOf(HEAD_END) + HEAD_END.length
  const head = answer.toString("latin1", 0, bodyFrom)
  if (answer.length === bodyFrom) return Math.floor(bodyFrom / 2)
  if (!isChunked(head)) return bodyFrom + Math.floor((answer.length - bodyFrom) / 2)
  const sizeEnd = answer.indexOf("\r\n", bodyFrom)
  const size = Number.parseInt(answer.toString("latin1", bodyFrom, sizeEnd), 16)
  return size > 0 ? sizeEnd + 2 + size + 2 : bodyFrom
}

export const httpWire: WireReaders = { requests, answers, partOf, copies_apart: true }
