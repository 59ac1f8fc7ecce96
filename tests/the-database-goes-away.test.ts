import { assert, describe, it } from "@effect/vitest"
import { type Environment, runStack } from "@surety/stack/run-stack"
import type { Answer } from "@surety/testkit/http-call"
import { type Loss, tcpProxy, type Which } from "@surety/testkit/tcp-proxy"
import { Effect, Logger, References, Schedule } from "effect"
import { listeningAt, serviceProcess } from "./service-process.ts"
import {
  afterTheEnd,
  assertBooksBalance,
  compressed,
  orderOf,
  place,
  request,
  seededDatabase,
  type Stack,
  stackForTests,
  stocked,
  tally
} from "./stack-for-tests.ts"

/** Leases so short that what a lost connection left behind is taken up at once. */
const brief = {
  SAGA_LEASE_MILLIS: "1500",
  SAGA_CALL_TIMEOUT_MILLIS: "1000",
  EDGE_LEASE_MILLIS: "1500",
  DATABASE_ANSWER_TIMEOUT_MILLIS: "700"
}

/** All services behind one proxy to their database; the tester's own connection does not go through it. */
const stackBehindProxy = (environment: Environment = {}) =>
  Effect.gen(function*() {
    const { database, sql } = yield* seededDatabase
    const proxy = yield* tcpProxy(database)
    const urls = yield* runStack(proxy.url, { ...compressed, ...brief, ...environment })
    const stack: Stack = { urls, database, sql }
    return { proxy, stack }
  }).pipe(
    Effect.provide(Logger.layer([Logger.consoleJson])),
    Effect.provideService(References.MinimumLogLevel, "Error")
  )

const often = Schedule.spaced("25 millis")

const servicesOf = ({ urls: { simulator: _, ...services } }: Stack) => Object.values(services)

/** Every service says of itself that it is ready, or every one that it is not. */
const untilReady = (stack: Stack, status: 200 | 503) =>
  Effect.forEach(
    servicesOf(stack),
    (url) =>
      request("GET", `${url}/health/ready`).pipe(
        Effect.repeat({ until: (reply) => reply.status === status, schedule: often }),
        Effect.timeout("20 seconds")
      ),
    { concurrency: "unbounded" }
  )

/** Sends an order again with its key, as a client does, until there is an answer that stays. */
const untilAnswered = (stack: Stack, order: unknown, key: string) =>
  place(stack, order, key).pipe(
    Effect.repeat({ until: ({ status }) => status !== 503 && status !== 409, schedule: often }),
    Effect.timeout("40 seconds")
  )

const assertUnavailable = (reply: Answer) => {
  assert.deepStrictEqual([reply.status, reply.body["error"]], [503, "database_unavailable"], reply.text)
  assert.strictEqual(reply.headers.get("content-type"), "application/problem+json")
  assert.match(reply.headers.get("retry-after") ?? "", /^[1-9][0-9]*$/)
}

/** Sends many orders, does something to the database while they are under way, and answers what became of them. */
const ordersMeanwhile = <E>(stack: Stack, count: number, disturb: Effect.Effect<unknown, E>) =>
  Effect.gen(function*() {
    const product = yield* stocked(stack, count)
    const keys = Array.from({ length: count }, (_, i) => `key-${i}`)
    const send = Effect.forEach(keys, (key) => place(stack, orderOf(product), key), { concurrency: 12 })
    const midway = stack.sql<{ n: number }>`SELECT count(*)::int AS n FROM ledger.entries WHERE status <> 'COMPLETED'`
      .pipe(Effect.repeat({ until: ([row]) => (row?.n ?? 0) >= count / 4, schedule: Schedule.spaced("2 millis") }))
    const [first] = yield* Effect.all([send, Effect.andThen(midway, disturb)], { concurrency: 2 })
    return { product, keys, first }
  })

/** Every key answers with its one order, the same as before if there was an answer; all orders end, and the books are clean. */
const assertNothingLost = Effect.fnUntraced(function*(
  stack: Stack,
  { first, keys, product }: Effect.Success<ReturnType<typeof ordersMeanwhile>>
) {
  const again = yield* Effect.forEach(keys, (key) => untilAnswered(stack, orderOf(product), key), { concurrency: 12 })
  for (const [i, reply] of again.entries()) {
    assert.include([202, 402], reply.status, reply.text)
    if (first[i]!.status === 202) assert.strictEqual(reply.text, first[i]!.text)
    else assert.strictEqual(first[i]!.status, 503, first[i]!.text)
  }
  const ends = yield* afterTheEnd(stack)
  const status = new Map(ends.map((entry) => [entry.id, entry.status]))
  assert.strictEqual(ends.length, keys.length)
  for (const { body, text } of again) {
    const end = status.get(body["order_ledger_id"])
    if (body["status"] === "AUTHORIZED") assert.strictEqual(end, "COMPLETED", text)
    else assert.include(["COMPLETED", "AUTHORIZATION_FAILED"], end, text)
  }
  yield* assertBooksBalance(stack)
})

describe("the database goes away", () => {
  it.live("in the middle of work: 503 until it is back, nothing crashes, and no order is lost or made twice", () =>
    Effect.gen(function*() {
      const { proxy, stack } = yield* stackBehindProxy()
      const sent = yield* ordersMeanwhile(stack, 60, proxy.cut)
      assert.isAbove(sent.first.filter((reply) => reply.status === 503).length, 0)

      yield* untilReady(stack, 503)
      for (const url of servicesOf(stack)) {
        assert.strictEqual((yield* request("GET", `${url}/health/live`)).status, 200)
        assertUnavailable(yield* request("GET", `${url}/health/ready`))
      }
      assertUnavailable(yield* place(stack, orderOf(sent.product), "while-it-is-away"))
      assertUnavailable(yield* request("GET", `${stack.urls.edge_api}/orders`))

      yield* proxy.restore
      yield* untilReady(stack, 200)
      yield* assertNothingLost(stack, sent)
    }).pipe(Effect.scoped))

  it.live("again and again while orders come in, and every one still ends", () =>
    Effect.gen(function*() {
      const { proxy, stack } = yield* stackBehindProxy()
      const flicker = proxy.cut.pipe(Effect.andThen(Effect.sleep("40 millis")), Effect.andThen(proxy.restore))
      const sent = yield* ordersMeanwhile(
        stack,
        60,
        Effect.repeat(flicker, { schedule: Schedule.spaced("150 millis"), times: 8 })
      )
      yield* assertNothingLost(stack, sent)
    }).pipe(Effect.scoped))

  it.live("without hanging up: what waits for it is given up in time, and goes on when it speaks again", () =>
    Effect.gen(function*() {
      const { proxy, stack } = yield* stackBehindProxy()
      const sent = yield* ordersMeanwhile(stack, 24, proxy.fallSilent)
      for (const reply of sent.first) assert.include([202, 503], reply.status, reply.text)
      assertUnavailable(yield* request("GET", `${stack.urls.edge_api}/orders`))
      yield* proxy.speakAgain
      yield* untilReady(stack, 200)
      yield* assertNothingLost(stack, sent)
    }).pipe(Effect.scoped))
})

describe("the answer to a statement is lost although it was done", () => {
  const moments: ReadonlyArray<readonly [what: string, which: Which, answered: boolean]> = [
    ["the edge inserts the order", { to: "INSERT INTO ledger.entries" }, false],
    ["the edge settles the authorization", { to: "\"response_status\":202" }, false],
    ["the payment service writes down the authorization", { to: "\"status\":\"AUTHORIZED\"" }, true],
    ["the orders service creates the order", { to: "INSERT INTO orders.orders" }, true],
    ["the orchestrator claims the order", { saying: "ada@example.com" }, true],
    ["the orchestrator records a step", { to: "\"status\":\"ORDER_CREATED\"" }, true],
    ["the orchestrator records the capture", { to: "\"status\":\"PAYMENT_CAPTURED\"" }, true],
    ["the orchestrator records the end", { to: "\"status\":\"COMPLETED\"" }, true],
    ["a transaction is committed", { saying: "COMMIT\0" }, true]
  ]
  for (const loss of ["reset", "silence"] satisfies ReadonlyArray<Loss>) {
    it.live.each(moments)(
      `when %s: its key still has one order, and it ends (${loss})`,
      ([, which, answered]) =>
        Effect.gen(function*() {
          const { proxy, stack } = yield* stackBehindProxy()
          const product = yield* stocked(stack, 5)
          const lost = yield* proxy.loseAnswer(which, loss)
          const first = yield* place(stack, orderOf(product), "key")
          if (!answered) assertUnavailable(first)
          yield* Effect.timeout(lost, "20 seconds")
          const again = yield* untilAnswered(stack, orderOf(product), "key")
          assert.strictEqual(again.status, 202, again.text)
          assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 1 })
          yield* assertBooksBalance(stack)
        }).pipe(Effect.scoped)
    )
  }
})

describe("a service started before its database", () => {
  it.live("waits, is live but not ready, and works as soon as the database comes", () =>
    Effect.gen(function*() {
      const stack = yield* stackForTests({}, ["orchestrator"])
      const proxy = yield* tcpProxy(stack.database)
      yield* proxy.cut
      const orchestrator = yield* serviceProcess({ ...stack, database: proxy.url }, "orchestrator")
      const url = yield* listeningAt(orchestrator)
      yield* orchestrator.said("saga.trouble")
      assert.deepStrictEqual((yield* request("GET", `${url}/health/live`)).body, { live: true })
      assertUnavailable(yield* request("GET", `${url}/health/ready`))
      const product = yield* stocked(stack, 5)
      assert.strictEqual((yield* place(stack, orderOf(product))).status, 202)

      yield* proxy.restore
      yield* request("GET", `${url}/health/ready`).pipe(
        Effect.repeat({ until: ({ status }) => status === 200, schedule: often }),
        Effect.timeout("10 seconds")
      )
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 1 })
      yield* assertBooksBalance(stack)
    }).pipe(Effect.scoped))
})
