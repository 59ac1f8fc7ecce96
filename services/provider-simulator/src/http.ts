/**
 * The provider's HTTP face, on plain node:http: resets, unreadable answers and silences are done to the socket itself.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { type Answer, newRequestId, refusalAnswer, type Reply } from "./answers.ts"
import type { Books } from "./books.ts"
import { changeMood, readLog, readPaymentLines, readTotals } from "./control.ts"
import type { Journal } from "./journal.ts"
import type { Refusal } from "./payment-intents.ts"
import { makePerformer } from "./perform-operation.ts"
import { readPayments } from "./read-payments.ts"
import type { Temper } from "./temper.ts"

export const BODY_LIMIT_BYTES = 64 * 1024
/** How long a stop waits for requests in flight. */
const DRAIN_LIMIT_MILLIS = 5_000
/** Longer than any client keeps an idle connection, so that it is never us who closes one just as it is used again. */
const KEEP_ALIVE_MILLIS = 75_000
const UNREADABLE_BODY = "{\"id\":\"pi_"

export interface Provider {
  readonly books: Books
  readonly journal: Journal
  readonly temper: Temper
}

/** A server not yet listening, and how to end it: conversations left hanging are cut, the others may finish. */
export const makeServer = ({ books, journal, temper }: Provider): { server: Server; close: () => Promise<void> } => {
  const perform = makePerformer(books, journal, temper)
  const held = new Set<Socket>()
  let draining = false

  /** Says nothing until the client has had enough or the time is up. */
  const hold = (socket: Socket) => {
    if (held.has(socket)) return
    if (draining) return void socket.destroy()
    held.add(socket)
    const cut = setTimeout(() => socket.destroy(), temper.mood.timeout_millis)
    socket.once("close", () => {
      clearTimeout(cut)
      held.delete(socket)
    })
  }

  const send = (request: IncomingMessage, response: ServerResponse, reply: Reply): void => {
    if (reply === "silence") hold(request.socket)
    else if (reply === "reset") request.socket.resetAndDestroy()
    else if (reply === "garbage") sendJson(response, 200, UNREADABLE_BODY, { "request-id": newRequestId() })
    else sendJson(response, reply.status, JSON.stringify(reply.body), answerHeaders(request, reply))
  }

  const serveApi = async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
    const body = await readBody(request)
    if (temper.mood.dark) return hold(request.socket)
    await temper.travel()
    if (!/^(bearer|basic) \S/i.test(request.headers.authorization ?? "")) {
      return send(request, response, refusalAnswer(noKey))
    }
    if (body === undefined) return send(request, response, refusalAnswer(tooLarge))
    const path = url.pathname.slice(1).split("/").map(decodeSegment)
    const reply = request.method === "POST"
      ? await perform({ path, params: formFields(body), key: headerOf(request, "idempotency-key") })
      : request.method === "GET"
      ? answerRead(readPayments(path, new Map(url.searchParams), books))
      : undefined
    send(request, response, reply ?? refusalAnswer(noRoute(request.method ?? "", url.pathname)))
  }

  const serveControl = async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
    const params = new Map(url.searchParams)
    const ok = (value: unknown) => sendJson(response, 200, JSON.stringify(value), {})
    switch (`${request.method} ${url.pathname}`) {
      case "GET /_simulator/log":
        return ok(readLog(books, params))
      case "GET /_simulator/payments":
        return ok(readPaymentLines(books, params))
      case "GET /_simulator/totals":
        return ok(readTotals(books))
      case "GET /_simulator/behaviour":
        return ok(temper.mood)
      case "POST /_simulator/behaviour": {
        const mood = changeMood(temper, (await readBody(request)) ?? "")
        return typeof mood === "string" ? sendJson(response, 400, JSON.stringify({ error: mood }), {}) : ok(mood)
      }
      case "GET /health/live":
        return ok({ status: "ok" })
      case "GET /health/ready":
        return sendJson(response, draining ? 503 : 200, JSON.stringify({ status: draining ? "draining" : "ok" }), {})
      default:
        return sendJson(response, 404, JSON.stringify({ error: "no such place" }), {})
    }
  }

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MILLIS }, (request, response) => {
    if (draining) response.setHeader("connection", "close")
    const url = URL.parse(request.url ?? "/", "http://simulator")
    if (url === null) return sendJson(response, 400, JSON.stringify({ error: "that is no address" }), {})
    // A failure in here is a broken journal or a bug. Both end the process: a provider that forgets is no provider.
    void (url.pathname.startsWith("/v1/") ? serveApi : serveControl)(request, response, url)
  })
  const close = () =>
    new Promise<void>((resolve) => {
      draining = true
      server.close(() => resolve())
      server.closeIdleConnections()
      setTimeout(() => server.closeAllConnections(), DRAIN_LIMIT_MILLIS).unref()
      for (const socket of held) socket.destroy()
    })
  return { server, close }
}

const noKey: Refusal = { status: 401, type: "invalid_request_error", message: "You did not provide an API key." }
const tooLarge: Refusal = { status: 413, type: "invalid_request_error", message: "The request body is too large." }
const noRoute = (method: string, path: string): Refusal => ({
  status: 404,
  type: "invalid_request_error",
  message: `Unrecognized request URL (${method}: ${path}).`
})

const answerRead = (found: object | undefined): Answer | undefined =>
  found === undefined
    ? undefined
    : "type" in found && "status" in found
    ? refusalAnswer(found as Refusal)
    : { status: 200, body: found, request_id: newRequestId() }

const answerHeaders = (request: IncomingMessage, answer: Answer): Record<string, string> => {
  const key = headerOf(request, "idempotency-key")
  return {
    "request-id": answer.request_id,
    ...(key === null ? {} : { "idempotency-key": key }),
    ...(answer.original === undefined
      ? {}
      : { "idempotent-replayed": "true", "original-request": answer.original }),
    ...(answer.status >= 500 ? { "stripe-should-retry": "false" } : {})
  }
}

const sendJson = (response: ServerResponse, status: number, body: string, headers: Record<string, string>): void => {
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    ...headers
  })
  response.end(body)
}

const headerOf = (request: IncomingMessage, name: string): string | null => {
  const value = request.headers[name]
  return typeof value === "string" ? value : null
}

const formFields = (body: string): Map<string, string> => new Map(new URLSearchParams(body))

const decodeSegment = (segment: string): string => {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** The whole body; `undefined` when there is more of it than anybody needs, or the client left in the middle. */
const readBody = (request: IncomingMessage): Promise<string | undefined> =>
  new Promise((resolve) => {
    const chunks: Array<Buffer> = []
    let bytes = 0
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= BODY_LIMIT_BYTES) chunks.push(chunk)
    })
    request.on("end", () => resolve(bytes > BODY_LIMIT_BYTES ? undefined : Buffer.concat(chunks).toString("utf8")))
    request.on("error", () => resolve(undefined))
  })
