import { assert, describe, it } from "@effect/vitest"
import { httpWire } from "@surety/testkit/link-proxy/http-wire"
import type { Request } from "@surety/testkit/link-proxy/wire"

const POST =
  "POST /orders/0198a4b2-7d1e-7c3a-9f00-000000000001/lines?dry=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\n{\"a\":1}"
const CHUNKED =
  "PUT /batch HTTP/1.1\r\nhost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;ext=1\r\n\r\n\r\n0\r\nTrailer: x\r\n\r\n"
const GET = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"

const bytes = (text: string) => Buffer.from(text)

/** The pieces of a text, each so many bytes long. */
const pieces = (text: string, size: number) => {
  const all = bytes(text)
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.subarray(i * size, (i + 1) * size))
}

const requestsIn = (text: string, size: number) => {
  const reader = httpWire.requests(() => {})
  return pieces(text, size).flatMap(reader.push)
}

/** How many bytes the answer to a request has, read in pieces; undefined while it has not ended. */
const lengthOfAnswer = (answer: string, size: number, to = GET): number | undefined => {
  const reader = httpWire.answers()
  reader.begin(requestsIn(to, to.length)[0]!)
  let before = 0
  for (const piece of pieces(answer, size)) {
    const end = reader.push(piece)
    if (end !== undefined) return before + end
    before += piece.length
  }
  return undefined
}

const SIZES = [1, 2, 7, 10_000]

describe("HTTP on the wire", () => {
  it("is cut into the same requests however it is split", () => {
    for (const size of SIZES) {
      const found = requestsIn(POST + CHUNKED + GET + POST, size)
      assert.deepStrictEqual(found.map(({ bytes }) => bytes.toString()), [POST, CHUNKED, GET, POST])
      assert.deepStrictEqual(found.map(({ payload }) => payload), ["{\"a\":1}", "abc\r\n", "", "{\"a\":1}"])
      assert.deepStrictEqual(found.map(({ writes }) => writes), [true, true, false, true])
    }
  })

  it("names a request by what stays the same from one to the next", () => {
    const nameOf = (target: string) => requestsIn(`GET ${target} HTTP/1.1\r\n\r\n`, 1)[0]!.what
    assert.strictEqual(requestsIn(POST, 1)[0]!.what, "POST /orders/:id/lines")
    assert.strictEqual(requestsIn(POST, 1)[0]!.text, "POST /orders/0198a4b2-7d1e-7c3a-9f00-000000000001/lines?dry=1")
    assert.strictEqual(nameOf("/v1/payment_intents/pi_3NxA82kd/capture"), "GET /v1/payment_intents/:id/capture")
    assert.strictEqual(nameOf("/reservations/batch"), "GET /reservations/batch")
    assert.strictEqual(nameOf("/orders/17"), "GET /orders/:id")
  })

  const answers: ReadonlyArray<readonly [name: string, answer: string, to?: string]> = [
    ["a length", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"],
    ["a length of nothing", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"],
    ["chunks", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n"],
    ["no body by its status", "HTTP/1.1 204 No Content\r\n\r\n"],
    ["no body, as it answers HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", GET.replace("GET", "HEAD")],
    ["another word first", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"]
  ]
  for (const [name, answer, to] of answers) {
    it(`sees where an answer ends that has ${name}`, () => {
      for (const size of SIZES) {
        assert.strictEqual(lengthOfAnswer(`${answer}HTTP/1.1 200 what comes later`, size, to), answer.length)
        assert.isUndefined(lengthOfAnswer(answer.slice(0, -1), size, to))
      }
    })
  }

  it("cuts an answer behind the first line of a stream, in the middle of a body, or within a head", () => {
    const cut = (answer: string) => answer.slice(0, httpWire.partOf(bytes(answer)))
    const head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    assert.strictEqual(cut(`${head}6\r\n{"a":1\r\n6\r\n{"b":2\r\n0\r\n\r\n`), `${head}6\r\n{"a":1\r\n`)
    assert.isTrue(cut("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabcd").endsWith("\r\n\r\nab"))
    assert.isTrue("HTTP/1.1 204 No Content\r\n\r\n".startsWith(cut("HTTP/1.1 204 No Content\r\n\r\n")))
    assert.isBelow(cut("HTTP/1.1 204 No Content\r\n\r\n").length, 20)
  })

  it("hears nothing as an answer while nothing was asked", () => {
    const reader = httpWire.answers()
    assert.isUndefined(reader.push(bytes("HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n")))
    reader.begin({ text: "GET /" } as Request)
    assert.strictEqual(reader.push(bytes("HTTP/1.1 204 No Content\r\n\r\n")), 27)
  })
})
