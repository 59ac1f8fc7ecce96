import { assert, describe, it } from "@effect/vitest"
import { portOf } from "@surety/platform/http-server"
import { tcpProxy } from "@surety/testkit/tcp-proxy"
import { administrator, isConcurrent } from "@surety/testkit/test-database"
import { Context, Deferred, Effect, Fiber, Layer, Redacted, Schedule } from "effect"
import { HttpServer } from "effect/http"
import { SqlClient } from "effect/sql"
import { spawn } from "node:child_process"
import { on, once } from "node:events"
import { connect } from "node:net"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { orders } from "../src/service.ts"
import { anOrder, callAt, OrdersDatabase, settingsFor } from "./orders-under-test.ts"

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url))
const STOP_LIMIT_MILLIS = 20_000

/** The service as a process of its own; `lines` is what it has logged so far. */
const startProcess = (environment: Record<string, string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const { DATABASE_URL: _, ...inherited } = process.env
      const child = spawn(process.execPath, [MAIN], {
        env: { ...inherited, ORDERS_PORT: "0", ...environment },
        stdio: ["ignore", "pipe", "inherit"]
      })
      const lines: Array<string> = []
      const output = createInterface({ input: child.stdout }).on("line", (line) => lines.push(line))
      const exit = Effect.promise(() => once(child, "close").then(([code]: Array<unknown>) => code)).pipe(Effect.cached)
      return { child, output, lines, exit: Effect.runSync(exit) }
    }),
    ({ child, exit }) => {
      child.kill("SIGKILL")
      return exit
    }
  ).pipe(Effect.tap(({ exit }) => Effect.forkScoped(exit, { startImmediately: true })))

const portItTook = (service: Effect.Success<ReturnType<typeof startProcess>>) =>
  Effect.promise(async () => {
    for await (const [line] of on(service.output, "line", { close: ["close"] })) {
      const [, port] = /"url":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(line) ?? []
      if (port !== undefined) return Number(port)
    }
    throw new Error(`it never listened: ${service.lines.join("\n")}`)
  })

describe("as a process", () => {
  for (
    const [name, value, says] of [
      ["ORDERS_PORT", "abc", "ORDERS_PORT is not right"],
      ["ORDERS_PORT", "65536", "ORDERS_PORT is not right"],
      ["DATABASE_URL", "", "DATABASE_URL is not set"],
      ["DATABASE_URL", "mysql://root:hunter2@localhost/db", "DATABASE_URL is not right"],
      ["DATABASE_MAX_CONNECTIONS", "0", "DATABASE_MAX_CONNECTIONS is not right"],
      ["LOG_LEVEL", "loud", "LOG_LEVEL is not right"]
    ] as const
  ) {
    it.live(`${name}=${value} ends the start with exit 1 and one line that says so`, () =>
      Effect.gen(function*() {
        const service = yield* startProcess({ DATABASE_URL: "postgres://nobody@127.0.0.1:9/none", [name]: value })
        assert.strictEqual(yield* service.exit, 1)
        assert.lengthOf(service.lines, 1)
        assert.include(service.lines[0], says)
        assert.notInclude(service.lines[0], "hunter2", "a password is never logged")
      }))
  }

  it.live.skipIf(!isConcurrent())(
    "on SIGTERM it finishes what runs, takes nothing new, and exits 0",
    () =>
      Effect.gen(function*() {
        const url = yield* OrdersDatabase
        const sql = yield* SqlClient.SqlClient
        const service = yield* startProcess({ DATABASE_URL: Redacted.value(url) })
        const port = yield* portItTook(service)
        const call = callAt(port)
        const { order_ledger_id: id } = (yield* call("POST", "/orders", anOrder())).body
        const isLocked = yield* Deferred.make<void>()
        const letGo = yield* Deferred.make<void>()
        const blocker = yield* sql.withTransaction(Effect.gen(function*() {
          yield* sql`SELECT FROM orders.orders WHERE order_ledger_id = ${id}::uuid FOR UPDATE`
          yield* Deferred.succeed(isLocked, undefined)
          yield* Deferred.await(letGo)
        })).pipe(Effect.forkChild)
        yield* Deferred.await(isLocked)
        const inFlight = yield* call("POST", `/orders/${id}/confirmation`).pipe(Effect.forkChild)
        yield* sql<{ waiting: number }>`SELECT count(*)::int4 AS waiting FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock'`.pipe(
          Effect.repeat({ schedule: Schedule.spaced("10 millis"), until: ([row]) => row!.waiting === 1 })
        )
        const asked = Date.now()
        service.child.kill("SIGTERM")
        yield* refusesConnections(port).pipe(
          Effect.repeat({ schedule: Schedule.spaced("10 millis"), until: (refuses) => refuses })
        )
        yield* Deferred.succeed(letGo, undefined)
        yield* Fiber.join(blocker)
        const answer = yield* Fiber.join(inFlight)
        assert.strictEqual(answer.status, 200)
        assert.strictEqual(answer.body.status, "CONFIRMED")
        assert.strictEqual(answer.headers.get("connection"), "close")
        assert.strictEqual(yield* service.exit, 0)
        assert.isBelow(Date.now() - asked, STOP_LIMIT_MILLIS)
        assert.match(service.lines.at(-1)!, /service\.stopped/)
      }).pipe(Effect.provide(databaseAndAdministrator))
  )

  it.live("clients that connected and ask for nothing do not hold its stop", () =>
    Effect.gen(function*() {
      const service = yield* startProcess({ DATABASE_URL: "postgres://nobody@127.0.0.1:9/none" })
      const port = yield* portItTook(service)
      const silent = connect(port, "127.0.0.1")
      yield* Effect.promise(() => once(silent, "connect"))
      assert.strictEqual((yield* callAt(port)("GET", "/health/live")).status, 200, "a kept-alive connection")
      const asked = Date.now()
      const end = once(silent.resume(), "close")
      service.child.kill("SIGTERM")
      yield* Effect.promise(() => end)
      assert.strictEqual(yield* service.exit, 0)
      assert.isBelow(Date.now() - asked, STOP_LIMIT_MILLIS / 4)
    }))
})

const refusesConnections = (port: number) =>
  Effect.callback<boolean>((resume) => {
    const socket = connect(port, "127.0.0.1")
    socket.once("connect", () => {
      socket.destroy()
      resume(Effect.succeed(false))
    })
    socket.once("error", () => resume(Effect.succeed(true)))
  })

const databaseAndAdministrator = Layer.unwrap(Effect.map(OrdersDatabase, administrator)).pipe(
  Layer.provideMerge(OrdersDatabase.layer)
)

describe("without its database", () => {
  it.live("it is live but not ready, answers 503, and is back as soon as the database is", () =>
    Effect.gen(function*() {
      const url = yield* OrdersDatabase
      const proxy = yield* tcpProxy(url)
      const context = yield* Layer.build(orders(settingsFor(proxy.url)))
      const call = callAt(portOf(Context.get(context, HttpServer.HttpServer)))
      const ready = Effect.map(call("GET", "/health/ready"), ({ status }) => status)
      const order = anOrder()
      assert.strictEqual((yield* call("POST", "/orders", order)).status, 201)
      assert.strictEqual(yield* ready, 200)

      yield* proxy.cut
      assert.strictEqual((yield* call("GET", "/health/live")).status, 200)
      const unready = yield* call("GET", "/health/ready")
      assert.strictEqual(unready.status, 503)
      assert.strictEqual(unready.body.error, "database_unavailable")
      const unanswered = yield* call("GET", `/orders/${order.order_ledger_id}`)
      assert.strictEqual(unanswered.status, 503)
      assert.strictEqual(unanswered.body.error, "database_unavailable")
      assert.strictEqual(unanswered.headers.get("retry-after"), "2")

      yield* proxy.restore
      yield* ready.pipe(Effect.repeat({ schedule: Schedule.spaced("20 millis"), until: (status) => status === 200 }))
      assert.strictEqual((yield* call("GET", `/orders/${order.order_ledger_id}`)).status, 200)
    }).pipe(Effect.provide(OrdersDatabase.layer)))
})
