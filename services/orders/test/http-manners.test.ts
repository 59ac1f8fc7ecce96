import { assert, layer } from "@effect/vitest"
import type { Answer } from "@surety/testkit/http-call"
import { Effect } from "effect"
import { anOrder, OrdersUnderTest, rows } from "./orders-under-test.ts"

const KIBIBYTE = 1024

/** Every error has the same face, whoever made it. */
const assertProblem = (answer: Answer, status: number, error: string, instance: string) => {
  assert.strictEqual(answer.status, status, JSON.stringify(answer.body))
  assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
  assert.match(answer.headers.get("x-trace-id")!, /^[0-9a-f]{32}$/)
  assert.strictEqual(answer.body.type, `urn:surety:problem:${error}`)
  assert.strictEqual(answer.body.error, error)
  assert.strictEqual(answer.body.status, status)
  assert.strictEqual(answer.body.instance, instance)
  assert.isNotEmpty(answer.body.title)
  assert.isNotEmpty(answer.body.detail)
}

/** Bodies that are no order, each with a word that its 400 must say. */
const malformed: ReadonlyArray<readonly [name: string, body: string, says: string]> = [
  ["no JSON", "{\"order_ledger_id\":", "valid JSON"],
  ["nothing", "", "CreateOrder"],
  ["null", "null", "CreateOrder"],
  ["JSON a thousand brackets deep", "[".repeat(30_000) + "]".repeat(30_000), "CreateOrder"],
  ["a number beyond all numbers", JSON.stringify(anOrder({ total_cents: 7 })).replace(":7", ":1e309"), "total_cents"],
  ["a fraction of a cent", JSON.stringify(anOrder({ total_cents: 0.5 })), "integer"],
  ["a negative total", JSON.stringify(anOrder({ total_cents: -1 })), "total_cents"],
  ["a total over the limit", JSON.stringify(anOrder({ total_cents: 100_000_000 })), "total_cents"],
  ["a number as text", JSON.stringify(anOrder({ total_cents: "2500" })), "total_cents"],
  ["NUL in a string", JSON.stringify(anOrder({ user_id: "a\u0000b" })), "NUL"],
  ["half a surrogate pair", JSON.stringify(anOrder({ email: "\ud800@x" })), "Unicode"],
  ["an unknown field", JSON.stringify(anOrder({ is_admin: true })), "is_admin"],
  ["an unknown field named __proto__", `{"__proto__":{},${JSON.stringify(anOrder()).slice(1)}`, "__proto__"],
  ["a UUID in braces", JSON.stringify(anOrder({ order_ledger_id: `{${anOrder().order_ledger_id}}` })), "UUID"],
  ["an unknown currency", JSON.stringify(anOrder({ currency: "xau" })), "currency"],
  ["no lines", JSON.stringify(anOrder({ items: [] })), "items"],
  ["51 lines", JSON.stringify(anOrder({ items: Array(51).fill(anOrder().items[0]) })), "items"],
  ["a quantity of 0", JSON.stringify(anOrder({ items: [{ ...anOrder().items[0], quantity: 0 }] })), "quantity"]
]

layer(OrdersUnderTest.layer, { excludeTestServices: true, timeout: "30 seconds" })("over HTTP", (it) => {
  for (const [name, body, says] of malformed) {
    it.effect(`${name} is a 400 that says why, and writes nothing`, () =>
      Effect.gen(function*() {
        const { call } = yield* OrdersUnderTest
        const before = yield* rows
        const answer = yield* call("POST", "/orders", body)
        assertProblem(answer, 400, "invalid_request", "/orders")
        assert.include(answer.body.detail, says)
        const inSet = yield* call("POST", "/orders/batch", `{"items":[${JSON.stringify(anOrder())},${body || "0"}]}`)
        assert.strictEqual(inSet.status, 400, "one bad order refuses its whole set")
        assert.deepStrictEqual(yield* rows, before)
      }))
  }

  it.effect("JSON a hundred thousand brackets deep is a 400, wherever it stands", () =>
    Effect.gen(function*() {
      const { call } = yield* OrdersUnderTest
      const deep = "[".repeat(100_000) + "]".repeat(100_000)
      for (const body of [deep, `{"items":${deep}}`, `{"items":[],"more":${deep}}`]) {
        assertProblem(yield* call("POST", "/orders/batch", body), 400, "invalid_request", "/orders/batch")
      }
    }))

  it.effect("a path parameter that is no id, and sets of none or too many, are a 400", () =>
    Effect.gen(function*() {
      const { call } = yield* OrdersUnderTest
      for (const id of ["1", "%7B0198a4b2-7d1e-7c3a-9f00-1234567890ab%7D", "0198A4B2-7D1E-7C3A-9F00-1234567890AB"]) {
        assertProblem(yield* call("GET", `/orders/${id}?why`), 400, "invalid_request", `/orders/${id}`)
      }
      for (const items of [[], Array.from({ length: 65 }, () => anOrder().order_ledger_id)]) {
        const path = "/orders/confirmations/batch"
        assertProblem(yield* call("POST", path, { items }), 400, "invalid_request", path)
      }
    }))

  it.effect("a body of 64 KiB is read, one byte more is a 413; a set may have 1 MiB", () =>
    Effect.gen(function*() {
      const { call, port } = yield* OrdersUnderTest
      const order = JSON.stringify(anOrder())
      assert.strictEqual((yield* call("POST", "/orders", order.padEnd(64 * KIBIBYTE))).status, 201)
      const limit = "body_too_large"
      assertProblem(yield* call("POST", "/orders", order.padEnd(64 * KIBIBYTE + 1)), 413, limit, "/orders")
      const set = `{"items":[${order}]}`
      assert.strictEqual((yield* call("POST", "/orders/batch", set.padEnd(1024 * KIBIBYTE))).status, 200)
      assertProblem(yield* call("POST", "/orders/batch", set.padEnd(1024 * KIBIBYTE + 1)), 413, limit, "/orders/batch")
      const chunked = yield* Effect.promise(() =>
        fetch(`http://127.0.0.1:${port}/orders`, {
          method: "POST",
          duplex: "half",
          headers: { "content-type": "application/json" },
          body: ReadableStream.from(Array.from({ length: 80 }, () => new Uint8Array(KIBIBYTE).fill(32)))
        } as RequestInit)
      )
      assert.strictEqual(chunked.status, 413, "a body that does not say how long it is is counted")
    }))

  it.effect("an unknown path is a 404, a wrong method a 405 that names the right ones", () =>
    Effect.gen(function*() {
      const { call } = yield* OrdersUnderTest
      assertProblem(yield* call("GET", "/"), 404, "not_found", "/")
      assertProblem(
        yield* call("POST", "/orders/x/y/z", "?", { "content-type": "text/plain" }),
        404,
        "not_found",
        "/orders/x/y/z"
      )
      assertProblem(yield* call("GET", `/orders/${"a".repeat(200)}`), 404, "not_found", `/orders/${"a".repeat(200)}`)
      const wrong = yield* call("DELETE", "/orders")
      assertProblem(wrong, 405, "method_not_allowed", "/orders")
      assert.strictEqual(wrong.headers.get("allow"), "POST")
      assert.strictEqual((yield* call("POST", "/health")).headers.get("allow"), "GET, HEAD")
    }))

  it.effect("only JSON is read: anything else is a 415", () =>
    Effect.gen(function*() {
      const { call } = yield* OrdersUnderTest
      const body = JSON.stringify(anOrder())
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"]) {
        const answer = yield* call("POST", "/orders", body, { "content-type": type })
        assertProblem(answer, 415, "unsupported_media_type", "/orders")
      }
      const utf8 = { "content-type": "Application/JSON; charset=utf-8" }
      assert.strictEqual((yield* call("POST", "/orders", body, utf8)).status, 201)
    }))

  it.effect("declared problems have the same face, and every answer a trace id", () =>
    Effect.gen(function*() {
      const { call } = yield* OrdersUnderTest
      const { order_ledger_id: id } = anOrder()
      assertProblem(yield* call("GET", `/orders/${id}?a=b`), 404, "order_not_found", `/orders/${id}`)
      const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
      for (const path of ["/health", "/health/live", "/health/ready", "/docs", "/openapi.json", "/nowhere"]) {
        const answer = yield* call("GET", path, undefined, { traceparent })
        assert.strictEqual(answer.headers.get("x-trace-id"), "0af7651916cd43dd8448eb211c80319c", path)
      }
    }))

  it.effect("the documents are there, and the specification knows every path and resolves every reference", () =>
    Effect.gen(function*() {
      const { call } = yield* OrdersUnderTest
      const docs = yield* call("GET", "/docs")
      assert.strictEqual(docs.status, 200)
      assert.include(docs.body, "<!doctype html>")
      const { body } = yield* call("GET", "/openapi.json")
      assert.strictEqual(body.openapi, "3.1.0")
      assert.sameMembers(Object.keys(body.paths), [
        "/orders",
        "/orders/batch",
        "/orders/{order_ledger_id}",
        "/orders/{order_ledger_id}/confirmation",
        "/orders/confirmations/batch",
        "/orders/{order_ledger_id}/cancellation",
        "/orders/cancellations/batch"
      ])
      const references = [...JSON.stringify(body).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)]
      assert.isNotEmpty(references)
      for (const [, name] of references) assert.property(body.components.schemas, name!)
    }))
})
