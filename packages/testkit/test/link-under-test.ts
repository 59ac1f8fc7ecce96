import { type LinkProxy, linkProxy } from "@surety/testkit/link-proxy"
import { Effect } from "effect"
import { createServer } from "node:http"

/** How long a client waits that expects an answer, however busy the machine is. */
const PATIENCE_MILLIS = 20_000
/** How long one waits that expects none. */
export const SILENCE_MILLIS = 250

/** What a client saw: an answer, an answer that broke off, a reset, or nothing. */
export type Seen = { readonly status: number; readonly text: string } | "reset" | "broken" | "silence"

/** A real server that remembers what it has done, behind a proxy. `/stream` answers in two chunks, all else at once. */
export const serverBehindLink = Effect.fnUntraced(function*(seed = 1) {
  const done: Array<string> = []
  const server = createServer((request, response) => {
    let body = ""
    request.on("data", (chunk: Buffer) => void (body += chunk.toString()))
    request.on("end", () => {
      done.push(`${request.method} ${request.url} ${body}`.trim())
      if (request.url !== "/stream") return response.end(`done ${body}`)
      response.write("{\"line\":1}\n")
      setTimeout(() => response.end("{\"line\":2}\n"), 20)
    })
  })
  yield* Effect.acquireRelease(
    Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))),
    () =>
      Effect.promise(() =>
        new Promise((resolve) => {
          server.close(resolve)
          server.closeAllConnections()
        })
      )
  )
  const address = server.address()
  const target = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
  const link = yield* linkProxy({ name: "shop", wire: "http", target, seed })
  return { link, done, target } as const
})

const seenError = (error: unknown): Seen => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : ""
  if (error instanceof DOMException) return "silence"
  if (/ECONNRESET|UND_ERR_SOCKET|ECONNREFUSED|EPIPE/.test(code)) return "reset"
  if (cause instanceof Error && cause.name === "HTTPParserError") return "broken"
  throw error
}

/** One request, and what its sender sees of it as long as he waits. */
export const send = (
  url: string,
  method: string,
  path: string,
  body?: string,
  patience = PATIENCE_MILLIS
): Effect.Effect<Seen> =>
  Effect.promise(async (): Promise<Seen> => {
    try {
      const signal = AbortSignal.timeout(patience)
      const response = await fetch(`${url}${path}`, { method, signal, ...(body === undefined ? {} : { body }) })
      try {
        return { status: response.status, text: await response.text() }
      } catch (error) {
        return error instanceof DOMException ? "silence" : "broken"
      }
    } catch (error) {
      return seenError(error)
    }
  })

/** How often a link was hit by what. */
export const hitsOf = (link: LinkProxy, what: string) =>
  Effect.map(
    link.hits,
    (hits) => Object.fromEntries(hits.filter((hit) => hit.what === what).map(({ count, fault }) => [fault, count]))
  )
