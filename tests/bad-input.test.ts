import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { connect } from "node:net"
import { orderOf, place, request, type Stack, stackForTests, stocked } from "./stack-for-tests.ts"

type Case = readonly [name: string, status: number, error: string, body: unknown, headers?: Record<string, string>]

const good = (product: string) => orderOf(product) as Record<string, unknown>
const items = (product: string, quantity: unknown) => ({
  ...good(product),
  items: [{ product_id: product, quantity }]
})
const raw = (product: string, quantity: string) => JSON.stringify(items(product, 12345)).replace("12345", quantity)

const cases = (product: string): ReadonlyArray<Case> => [
  ["an oversized key", 400, "idempotency_key_invalid", good(product), { "idempotency-key": "k".repeat(256) }],
  ["a key with a space", 400, "idempotency_key_invalid", good(product), { "idempotency-key": "a key" }],
  ["an empty key", 400, "idempotency_key_invalid", good(product), { "idempotency-key": "" }],
  ["another content type", 415, "unsupported_media_type", "a=b", {
    "content-type": "application/x-www-form-urlencoded"
  }],
  ["malformed JSON", 400, "invalid_request", "{\"items\": ["],
  ["no JSON at all", 400, "invalid_request", "hello"],
  ["an empty body", 400, "invalid_request", ""],
  ["JSON of depth 30,000", 400, "invalid_request", "[".repeat(30_000) + "]".repeat(30_000)],
  ["JSON of depth 100,000", 413, "body_too_large", "[".repeat(100_000) + "]".repeat(100_000)],
  ["a body over the limit", 413, "body_too_large", { ...good(product), user_id: "u".repeat(70_000) }],
  ["quantity 1e309", 400, "invalid_request", raw(product, "1e309")],
  ["quantity 0", 400, "invalid_request", items(product, 0)],
  ["quantity −1", 400, "invalid_request", items(product, -1)],
  ["quantity 1.5", 400, "invalid_request", items(product, 1.5)],
  ["quantity 101", 400, "invalid_request", items(product, 101)],
  ["quantity as text", 400, "invalid_request", items(product, "1")],
  ["51 lines", 400, "invalid_request", {
    ...good(product),
    items: Array.from({ length: 51 }, () => ({ product_id: product, quantity: 1 }))
  }],
  ["no lines", 400, "invalid_request", { ...good(product), items: [] }],
  ["merged lines over the limit", 422, "invalid_order", {
    ...good(product),
    items: Array.from({ length: 2 }, () => ({ product_id: product, quantity: 60 }))
  }],
  ["a total over the limit", 422, "invalid_order", items(product, 100)],
  ["NUL in a string", 400, "invalid_request", { ...good(product), user_id: "a\u0000b" }],
  ["a lone surrogate", 400, "invalid_request", JSON.stringify(good(product)).replace("user_1", "\\ud800")],
  ["an unknown field", 400, "invalid_request", { ...good(product), coupon: "x" }],
  ["an injected total", 400, "invalid_request", { ...good(product), total_cents: 1 }],
  ["an injected price", 400, "invalid_request", {
    ...good(product),
    items: [{ product_id: product, quantity: 1, unit_price_cents: 1 }]
  }],
  ["a UUID in braces", 400, "invalid_request", items(`{${product}}`, 1)],
  ["an unknown product", 422, "unknown_product", items("00000000-0000-7000-8000-00000000dead", 1)],
  ["an unknown payment method", 400, "invalid_request", { ...good(product), payment: { method: "cash", token: "x" } }],
  ["no e-mail address", 400, "invalid_request", { ...good(product), email: "nobody" }],
  ["latitude 91", 400, "invalid_request", {
    ...good(product),
    shipping_address: { location: { latitude: 91, longitude: 0 } }
  }],
  ["longitude −181", 400, "invalid_request", {
    ...good(product),
    shipping_address: { location: { latitude: 0, longitude: -181 } }
  }]
]

/** Two headers of one name, which `fetch` would join. */
const withTwoKeys = (stack: Stack, body: string) =>
  Effect.callback<string>((resume) => {
    const { hostname, port } = new URL(stack.urls.edge_api)
    const socket = connect(Number(port), hostname, () =>
      socket.end(
        `POST /orders HTTP/1.1\r\nhost: x\r\nconnection: close\r\nidempotency-key: a\r\nidempotency-key: b\r\n` +
          `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
      ))
    let answer = ""
    socket.on("data", (chunk) => answer += chunk)
    socket.on("close", () => resume(Effect.succeed(answer)))
  })

describe("bad input", () => {
  it.live("gets a problem that names the matter, and writes nothing", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* stocked(stack, 5, 99_999_999)
      for (const [name, status, error, body, headers] of cases(product)) {
        const reply = yield* request("POST", `${stack.urls.edge_api}/orders`, body, {
          "idempotency-key": "k",
          ...headers
        })
        assert.deepStrictEqual([name, reply.status, reply.body["error"]], [name, status, error], reply.text)
        assert.strictEqual(reply.headers.get("content-type"), "application/problem+json", name)
        for (const field of ["type", "title", "detail", "instance"]) {
          assert.isString(reply.body[field], `${name}: ${field}`)
        }
        assert.match(reply.headers.get("x-trace-id") ?? "", /^[0-9a-f]{32}$/, name)
      }
      const keyless = yield* request("POST", `${stack.urls.edge_api}/orders`, good(product))
      assert.deepStrictEqual([keyless.status, keyless.body["error"]], [400, "idempotency_key_missing"])
      const twoKeys = yield* withTwoKeys(stack, JSON.stringify(good(product)))
      assert.match(twoKeys, /^HTTP\/1\.1 400/)
      assert.include(twoKeys, "idempotency_key_invalid")
      const method = yield* request("DELETE", `${stack.urls.edge_api}/orders`)
      assert.deepStrictEqual([method.status, method.headers.get("allow")], [405, "POST, GET, HEAD"])
      assert.strictEqual((yield* request("GET", `${stack.urls.edge_api}/nothing`)).status, 404)
      assert.strictEqual((yield* request("GET", `${stack.urls.edge_api}/orders/not-an-id`)).status, 400)
      assert.strictEqual((yield* request("GET", `${stack.urls.edge_api}/orders?limit=101`)).status, 400)
      assert.strictEqual((yield* request("GET", `${stack.urls.edge_api}/orders?page=1`)).status, 400)
      const written = yield* stack.sql<{ n: number }>`
        SELECT (SELECT count(*) FROM ledger.entries)::int + (SELECT count(*) FROM payment.payments)::int AS n`
      assert.strictEqual(written[0]?.n, 0)
    }).pipe(Effect.scoped))

  it.live("a line twice is merged, and paid for once at the catalogue's price", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests()
      const product = yield* stocked(stack, 10, 250)
      const twice = { ...good(product), items: [2, 3].map((quantity) => ({ product_id: product, quantity })) }
      const placed = yield* place(stack, twice)
      const { body } = yield* request("GET", `${stack.urls.edge_api}/orders/${placed.body["order_ledger_id"]}`)
      assert.strictEqual(body["total_cents"], 1250)
      assert.deepStrictEqual(body["items"], [
        { product_id: product, quantity: 5, unit_price_cents: 250, total_cents: 1250 }
      ])
    }).pipe(Effect.scoped))
})
