import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schedule } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createConnection } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll } from "vitest"
import { resolvePostgres } from "../../src/postgres/postgres-server.ts"
import { connect } from "../../src/postgres/probe-postgis.ts"
import { openRealServer, REAL_SOURCES } from "./real-server.ts"

const HOLDER = fileURLToPath(new URL("./hold-server.ts", import.meta.url))
const TEST_LIMIT_MS = 60_000

const probe = await openRealServer()
await probe?.close()
const sources = probe === undefined ? [] : [probe.server.source]

const newFolder = (mode: number) => {
  const folder = mkdtempSync(join(tmpdir(), "surety-data-"))
  chmodSync(folder, mode)
  return folder
}

const remove = (folder: string) => rmSync(folder, { recursive: true, force: true })

const start = (dataFolder: string) =>
  resolvePostgres({ mode: "persistent", dataFolder, sources, say: () => Effect.void })

const query = (url: Redacted.Redacted, statement: string) =>
  Effect.scoped(Effect.flatMap(connect(url), (sql) => sql.unsafe<{ n: number }>(statement)))

/** A process that holds the folder, once its server is up. */
const holder = (dataFolder: string) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly child: ChildProcess; readonly url: string }>((resume) => {
      const child = spawn(process.execPath, [HOLDER, dataFolder], { stdio: ["ignore", "pipe", "inherit"] })
      child.once("exit", (code) => resume(Effect.die(new Error(`the holder ended with ${code}`))))
      child.stdout.once("data", (line) => resume(Effect.succeed({ child, url: String(line).trim() })))
    }),
    ({ child }) =>
      Effect.callback<void>((resume) => {
        if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
        child.once("exit", () => resume(Effect.void))
        child.kill("SIGTERM")
      })
  )

const killed = (child: ChildProcess) =>
  Effect.callback<void>((resume) => {
    child.once("exit", () => resume(Effect.void))
    child.kill("SIGKILL")
  })

const answers = (url: string) =>
  Effect.callback<boolean>((resume) => {
    const socket = createConnection({ port: Number(new URL(url).port), host: "127.0.0.1" })
    socket.once("connect", () => (socket.destroy(), resume(Effect.succeed(true))))
    socket.once("error", () => resume(Effect.succeed(false)))
  })

describe.skipIf(probe === undefined)("a data folder", () => {
  const folder = newFolder(0o755)
  afterAll(() => remove(folder))

  it.live("keeps its data and its address over a restart", () =>
    Effect.gen(function*() {
      const first = yield* Effect.scoped(Effect.gen(function*() {
        const server = yield* start(folder)
        yield* query(server.url, "CREATE TABLE kept AS SELECT 42 AS n")
        assert.deepStrictEqual(
          yield* query(server.url, "SELECT 1 AS n WHERE current_setting('fsync') = 'on'"),
          [{ n: 1 }]
        )
        return server
      }))
      assert.isFalse(yield* answers(Redacted.value(first.url)))
      yield* Effect.scoped(Effect.gen(function*() {
        const server = yield* start(folder)
        assert.strictEqual(Redacted.value(server.url), Redacted.value(first.url))
        assert.deepStrictEqual(yield* query(server.url, "SELECT n FROM kept"), [{ n: 42 }])
      }))
    }), TEST_LIMIT_MS)

  it.live("is refused to a second process, which is told who has it", () =>
    Effect.gen(function*() {
      const { child } = yield* holder(folder)
      const refusal = yield* Effect.flip(Effect.scoped(start(folder)))
      assert.strictEqual(refusal._tag, "DataFolderInUse")
      assert.include(refusal.message, `process ${child.pid}`)
    }), TEST_LIMIT_MS)

  it.live("is refused to a second owner in the same process", () =>
    Effect.gen(function*() {
      yield* start(folder)
      const refusal = yield* Effect.flip(Effect.scoped(start(folder)))
      assert.include(refusal.message, `process ${process.pid}`)
    }), TEST_LIMIT_MS)

  it.live(
    "outlives a killed process: its server stops, nothing needs clearing away, the data are there",
    () =>
      Effect.gen(function*() {
        const { child, url } = yield* holder(folder)
        yield* query(Redacted.make(url), "INSERT INTO kept VALUES (43)")
        yield* killed(child)
        // At once: the server of the dead process may still be going down.
        const server = yield* start(folder)
        assert.strictEqual(Redacted.value(server.url), url)
        assert.deepStrictEqual(yield* query(server.url, "SELECT n FROM kept ORDER BY n"), [{ n: 42 }, { n: 43 }])
      }),
    TEST_LIMIT_MS
  )

  it.live("leaves no server running when its process is killed", () =>
    Effect.gen(function*() {
      const { child, url } = yield* holder(folder)
      assert.isTrue(yield* answers(url))
      yield* killed(child)
      yield* answers(url).pipe(
        Effect.repeat({ while: (up) => up, schedule: Schedule.spaced("50 millis") }),
        Effect.timeout("10 seconds")
      )
    }), TEST_LIMIT_MS)

  it.live("never changes to another source", () =>
    Effect.gen(function*() {
      const others = REAL_SOURCES.filter((source) => source !== sources[0])
      const refusal = yield* Effect.flip(Effect.scoped(
        resolvePostgres({ mode: "persistent", dataFolder: folder, sources: others })
      ))
      assert.strictEqual(refusal._tag, "NoDatabase")
      assert.include(refusal.message, `data of source ${sources[0]}`)
    }), TEST_LIMIT_MS)

  it.live(
    "that root's PostgreSQL cannot reach keeps its data elsewhere, and says where",
    (test) =>
      Effect.gen(function*() {
        if (process.getuid?.() !== 0 || sources[0] === "docker") {
          return test.skip("only root runs its server as another user")
        }
        const hidden = newFolder(0o700)
        yield* Effect.addFinalizer(() => Effect.sync(() => remove(hidden)))
        const said: Array<string> = []
        const server = yield* Effect.scoped(resolvePostgres({
          mode: "persistent",
          dataFolder: hidden,
          sources,
          say: (line) => Effect.sync(() => void said.push(line))
        }))
        const place: unknown = JSON.parse(readFileSync(join(hidden, "server.json"), "utf8"))
        const moved = String(Reflect.get(Object(place), "folder"))
        yield* Effect.addFinalizer(() => Effect.sync(() => remove(moved)))
        assert.match(moved, /^\/var\/lib\/surety\//)
        assert.isTrue(existsSync(join(moved, "data/PG_VERSION")))
        assert.include(said.join(), moved)
        assert.include(server.description, moved)
      }),
    TEST_LIMIT_MS
  )
})
