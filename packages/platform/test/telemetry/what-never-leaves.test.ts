import { assert, describe, it } from "@effect/vitest"
import { jsonLogger } from "@surety/platform/telemetry/json-logs"
import { mask, maskValue } from "@surety/platform/telemetry/mask"
import { statementSummary } from "@surety/platform/telemetry/statement-summary"
import { telemetry } from "@surety/platform/telemetry/telemetry"
import { currentTraceparent, inSpan } from "@surety/platform/telemetry/trace-context"
import { httpCall } from "@surety/testkit/http-call"
import { otlpReceiver } from "@surety/testkit/otlp-receiver"
import { testDatabase } from "@surety/testkit/test-database"
import { Console, Effect, Layer, Logger } from "effect"
import { secrets, sendingTo, toyService } from "./toy-service.ts"

const THING = "0198a4b2-7d1e-7c3a-9f00-000000000001"

describe("masks", () => {
  it.each([
    ["4242424242424242", "[number]"],
    ["card 4242 4242 4242 4242, thanks", "card [number], thanks"],
    ["4242-4242-4242-4242", "[number]"],
    ["{\"n\":\"378282246310005\"}", "{\"n\":\"[number]\"}"],
    ["1234567890123", "[number]"],
    ["1234567890123456789", "[number]"],
    ["<ada.lovelace+x@mail.example.com>", "<[email]>"],
    ["token tok_visa_success and sk_test_51abc", "token [token] and [token]"],
    ["Authorization: Bearer abc.def", "Authorization: [token]"]
  ])("hide %s", (given, masked) => {
    assert.strictEqual(mask(given), masked)
  })

  it.each([
    "01993421-7712-7345-8234-123456789012",
    "of 12345678-1234-4123-8123-123456789012 and others",
    "12345678901234567890123456789012",
    "2026-01-31T12:34:56.789Z",
    "123456789012",
    "saga.orders.completed",
    "127.0.0.1:5432",
    "idempotency_key_missing"
  ])("leave %s", (given) => {
    assert.strictEqual(mask(given), given)
  })

  it("reach numbers, lists and objects, and cut what is long", () => {
    assert.strictEqual(maskValue(4242424242424242), "[number]")
    assert.strictEqual(maskValue(4242424242424242n), "[number]")
    assert.strictEqual(maskValue(99_999_999), 99_999_999)
    assert.deepStrictEqual(maskValue(["a@example.com", "b"]), ["[email]", "b"])
    assert.strictEqual(maskValue({ email: "a@example.com" }), "{\"email\":\"[email]\"}")
    assert.strictEqual(mask("x".repeat(5000)).length, 1001)
  })
})

describe("a statement's name", () => {
  it.each([
    ["INSERT INTO ledger.entries (id) SELECT id FROM unnest($1) ON CONFLICT DO NOTHING", "INSERT ledger.entries"],
    [
      "WITH free AS (SELECT id FROM ledger.due FOR UPDATE OF e) UPDATE ledger.entries AS e SET a = 1",
      "UPDATE ledger.entries"
    ],
    ["WITH r AS (UPDATE ledger.entries SET a = 1 RETURNING id) SELECT id FROM r", "UPDATE ledger.entries"],
    ["\n  SELECT 1 FROM inventory.stock s JOIN inventory.products p ON true", "SELECT inventory.stock"],
    ["delete from ledger.due where x = 'a@b.c'", "DELETE ledger.due"],
    ["SELECT 1", "SELECT"]
  ])("of %s", (statement, summary) => {
    assert.strictEqual(statementSummary(statement), summary)
  })
})

describe("on the wire", () => {
  it.live("there are no secrets, parameters, queries or statements, and nothing is said twice", () =>
    Effect.gen(function*() {
      const receiver = yield* otlpReceiver
      const database = yield* testDatabase
      const telemetry = sendingTo(receiver.endpoint)
      const orders = yield* toyService({ name: "orders", database, telemetry })
      const edge = yield* toyService({ name: "edge-api", database, telemetry, neighbour: orders.url })
      yield* httpCall("POST", `${edge.url}/things/${THING}?secret=${secrets.query}`)
      yield* httpCall("GET", `${edge.url}/broken`, undefined, { authorization: `Bearer ${secrets.token}` })
      yield* httpCall("GET", `${edge.url}/nowhere/${secrets.email}/Ada-Lovelace`)
      yield* receiver.awaitSpan((span) => span.kind === "server" && span.name === "GET")
      const accepted = yield* receiver.awaitLog((log) => log.event === "order.accepted")
      const unhandled = yield* receiver.awaitLog((log) => log.body === "unhandled")
      yield* receiver.awaitSeries((series) => series.labels["http.route"] === "/broken")

      const wire = receiver.bodies().join("\n")
      for (
        const secret of [...Object.values(secrets), "Lovelace", "?", "WITH wanted", "order_ledger_id =", "SqlError:"]
      ) {
        assert.isFalse(wire.includes(secret), `${secret} is on the wire`)
      }
      const traced = yield* receiver.awaitSpan((span) => span.name === "POST /things/{thing_id}")
      assert.deepStrictEqual(accepted, {
        service: "edge-api",
        event: "order.accepted",
        body: "order.accepted",
        severity: "INFO",
        trace_id: traced.trace_id,
        span_id: traced.span_id,
        attributes: { "saga.order.id": THING, note: "to [email]" }
      })
      const trouble = yield* receiver.awaitLog((log) => log.event === "saga.trouble")
      assert.deepStrictEqual([trouble.body, trouble.severity], ["saga.trouble", "WARN"])
      assert.deepStrictEqual(trouble.attributes, { doing: "claim", error: "card [number]" })
      assert.strictEqual(unhandled.attributes["exception.message"], "no [email] with [token] and [number]")
      assert.include(String(unhandled.attributes["exception.stacktrace"]), "toy-service.ts")
    }).pipe(Effect.scoped))
})

describe("a line of the log", () => {
  it.live("is JSON without secrets, with the ids of its trace", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const console = { ...globalThis.console, log: (line: string) => void lines.push(line) }
      const spoken = Effect.logInfo("saga.trouble", { at: 1234567890123, error: `of ${secrets.email}`, big: 1n }).pipe(
        Effect.andThen(currentTraceparent),
        inSpan("work", { root: true })
      )
      const traceparent = yield* spoken.pipe(
        Effect.provide(
          telemetry("orders", sendingTo("http://127.0.0.1:9")).pipe(Layer.provideMerge(Logger.layer([jsonLogger])))
        ),
        Effect.provideService(Console.Console, console)
      )
      const [line] = lines.map((line) => JSON.parse(line))
      assert.deepStrictEqual(line.message, ["saga.trouble", { at: "[number]", error: "of [email]", big: "1n" }])
      assert.strictEqual(`00-${line.trace_id}-${line.span_id}-01`, traceparent)
    }))
})
