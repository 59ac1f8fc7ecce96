import { assert, describe, it } from "@effect/vitest"
import { tcpProxy } from "@surety/testkit/tcp-proxy"
import { Effect, Fiber, Redacted, Schedule } from "effect"
import { listeningAt, type ServiceProcess, serviceProcess } from "./service-process.ts"
import {
  afterTheEnd,
  assertBooksBalance,
  orderOf,
  place,
  request,
  type Stack,
  stackForTests,
  stocked,
  tally
} from "./stack-for-tests.ts"

const STOP_LIMIT_MILLIS = 20_000

/** So long that whatever goes on within a test does not go on because a lease expired. */
const unending = { SAGA_LEASE_MILLIS: "300000", EDGE_LEASE_MILLIS: "300000" }

/** The payment service behind a proxy that can hold requests back, for one process that is to be stopped meanwhile. */
const heldPayment = Effect.fnUntraced(function*(stack: Stack) {
  const proxy = yield* tcpProxy(Redacted.make(stack.urls.payment))
  const { arrived, release } = yield* proxy.hold
  return {
    environment: { PAYMENT_URL: Redacted.value(proxy.url) },
    arrived: Effect.timeout(arrived, "20 seconds"),
    release
  }
})

/** SIGTERM, what happens before the process is gone, and that it goes in time with exit code 0. */
const stopping = Effect.fnUntraced(function*<A, E>(service: ServiceProcess, meanwhile: Effect.Effect<A, E>) {
  const asked = Date.now()
  yield* service.signal("SIGTERM")
  yield* service.said("service.stopping")
  const result = yield* meanwhile
  assert.strictEqual(yield* service.exited, 0)
  assert.isBelow(Date.now() - asked, STOP_LIMIT_MILLIS)
  return result
})

const untilRefused = (url: string) =>
  Effect.tryPromise(() => fetch(`${url}/health/live`)).pipe(
    Effect.isFailure,
    Effect.repeat({ until: (refused) => refused, schedule: Schedule.spaced("10 millis") }),
    Effect.timeout("5 seconds")
  )

/** Where the entries stand, and whether anybody holds them. */
const standings = (stack: Stack) =>
  stack.sql<{ status: string; owner: string | null; until: unknown; expiries: number }>`
    SELECT DISTINCT status, lease_owner AS owner, lease_until AS until, lease_expiries AS expiries FROM ledger.entries`

describe("a stop is orderly", () => {
  it.live("an orchestrator finishes the step under way, records it, hands its leases back, and another goes on at once", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests(unending, ["orchestrator"])
      const product = yield* stocked(stack, 20)
      yield* Effect.replicateEffect(place(stack, orderOf(product)), 8, { concurrency: 8 })
      const payment = yield* heldPayment(stack)
      const first = yield* serviceProcess(stack, "orchestrator", { ...unending, ...payment.environment })
      const url = yield* listeningAt(first)
      yield* payment.arrived
      yield* stopping(first, Effect.andThen(untilRefused(url), payment.release))
      assert.deepStrictEqual(yield* standings(stack), [
        { status: "PAYMENT_CAPTURED", owner: null, until: null, expiries: 0 }
      ])

      yield* serviceProcess(stack, "orchestrator", unending)
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 8 })
      assert.deepStrictEqual(yield* standings(stack), [{ status: "COMPLETED", owner: null, until: null, expiries: 0 }])
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))

  it.live("an orchestrator that waits for a service which never answers stops in time, and its orders go on elsewhere", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests({}, ["orchestrator"])
      const product = yield* stocked(stack, 20)
      yield* Effect.replicateEffect(place(stack, orderOf(product)), 8, { concurrency: 8 })
      const payment = yield* heldPayment(stack)
      const patient = { SAGA_CALL_TIMEOUT_MILLIS: "25000", SAGA_LEASE_MILLIS: "15000" }
      const first = yield* serviceProcess(stack, "orchestrator", { ...patient, ...payment.environment })
      yield* payment.arrived
      yield* stopping(first, Effect.void)
      const [entry] = yield* standings(stack)
      assert.strictEqual(entry?.status, "INVENTORY_RESERVED", "a capture without an answer is neither done nor undone")

      yield* serviceProcess(stack, "orchestrator")
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 8 })
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))

  it.live("an edge answers the request in flight, takes no other, and exits 0", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests({ ...unending, EDGE_RESOLVE_EVERY_MILLIS: "60000" })
      const product = yield* stocked(stack, 5)
      const payment = yield* heldPayment(stack)
      const edge = yield* serviceProcess(stack, "edge-api", { ...unending, ...payment.environment })
      const url = yield* listeningAt(edge)
      const order = orderOf(product)
      const placed = place({ ...stack, urls: { ...stack.urls, edge_api: url } }, order, "key")
      const inFlight = yield* Effect.forkChild(placed, { startImmediately: true })
      yield* payment.arrived
      const reply = yield* stopping(
        edge,
        untilRefused(url).pipe(Effect.andThen(payment.release), Effect.andThen(Fiber.join(inFlight)))
      )
      assert.deepStrictEqual([reply.status, reply.body["status"]], [202, "AUTHORIZED"], reply.text)
      assert.strictEqual(reply.headers.get("connection"), "close")

      const copy = yield* place(stack, order, "key")
      assert.deepStrictEqual([copy.text, copy.headers.get("idempotent-replayed")], [reply.text, "true"])
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 1 })
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))

  it.live("an edge that asks about many authorizations and hears nothing stops in time, and others ask on", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests({ EDGE_RESOLVE_EVERY_MILLIS: "60000" })
      const product = yield* stocked(stack, 50)
      const behave = (dark: boolean) => request("POST", `${stack.urls.simulator}/_simulator/behaviour`, { dark })
      yield* behave(true)
      const replies = yield* Effect.replicateEffect(place(stack, orderOf(product)), 30, { concurrency: 30 })
      for (const reply of replies) assert.strictEqual(reply.body["status"], "AWAITING_AUTHORIZATION", reply.text)
      const payment = yield* heldPayment(stack)
      const edge = yield* serviceProcess(stack, "edge-api", { EDGE_LEASE_MILLIS: "1000", ...payment.environment })
      yield* payment.arrived
      yield* stopping(edge, Effect.void)

      yield* behave(false)
      yield* serviceProcess(stack, "edge-api")
      const ends = tally(yield* afterTheEnd(stack))
      assert.strictEqual((ends["COMPLETED"] ?? 0) + (ends["AUTHORIZATION_FAILED"] ?? 0), 30)
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))
})
