import { Effect } from "effect"

export interface Answer<Body = any> {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Parsed where the answer is JSON; an empty object where it is empty; else the text. */
  readonly body: Body
}

const bodyOf = (contentType: string | null, text: string): any =>
  text === "" ? {} : /\bjson/.test(contentType ?? "") ? JSON.parse(text) : text

/**
 * One HTTP request, and its answer whatever the status is. A body that is a string is sent as it stands, anything else as
 * JSON; either way as `application/json`, unless `headers` say otherwise.
 */
export const httpCall = <Body = any>(
  method: string,
  url: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {}
): Effect.Effect<Answer<Body>> =>
  Effect.promise(async () => {
    const response = await fetch(url, {
      method,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) })
    })
    const text = await response.text()
    const contentType = response.headers.get("content-type")
    return { status: response.status, headers: response.headers, text, body: bodyOf(contentType, text) }
  })
