import { Duration, Effect, Redacted, Schedule } from "effect"
import { randomBytes } from "node:crypto"
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Housing } from "./data-folder.ts"
import { orUnavailable, SourceUnavailable } from "./postgres-source.ts"
import { probePostgis } from "./probe-postgis.ts"
import { isAlive } from "./process-alive.ts"
import { runCommand } from "./run-command.ts"
import { giveToServerUser, serverUser } from "./server-user.ts"
import { reportEnd, supervise } from "./supervised-process.ts"

/** PostgreSQL with PostGIS, ready to run. */
export interface Binaries {
  /** The folder of `initdb` and `postgres`. */
  readonly bin: string
  /** What they need in their environment. */
  readonly env: Readonly<Record<string, string>>
  readonly description: string
}

/** Five services with pools of ten, several of each. */
export const MAX_CONNECTIONS = 300
const INITDB_LIMIT_MS = 120_000
const START_LIMIT = Duration.seconds(60)
/** How long a server of an earlier, killed process may take to go down. */
const PREDECESSOR_LIMIT = Duration.seconds(20)

const SETTINGS = {
  listen_addresses: "127.0.0.1",
  // No socket: its path must be short, ours need not be.
  unix_socket_directories: "",
  max_connections: MAX_CONNECTIONS,
  shared_buffers: "128MB",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  // Services report their failed statements themselves; logged here as well they would fill the disk.
  log_min_messages: "log",
  log_min_error_statement: "panic"
}

/** Commits go to disk when the system pleases: twice as fast for tests, and lost with the machine. */
export const WITHOUT_FSYNC = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }
const FOR_TESTS = { autovacuum: "off", deadlock_timeout: "200ms" }

/**
 * A PostgreSQL of our own on 127.0.0.1, initialised on its first start, ended with the scope or with this process.
 *
 * @returns the URL of its database `postgres`, in which PostGIS is installed, and which versions these are.
 */
export const startCluster = Effect.fn("startCluster")(function*(binaries: Binaries, housing: Housing) {
  const data = join(housing.folder, "data")
  const password = Redacted.value(housing.password)
  if (!existsSync(data)) yield* initialise(binaries, housing, data)
  yield* predecessorGone(data)
  const port = yield* housing.port
  const settings = {
    ...SETTINGS,
    port,
    ...(housing.fsync ? {} : WITHOUT_FSYNC),
    ...(housing.throwAway ? FOR_TESTS : {})
  }
  const ended = yield* supervise({
    command: join(binaries.bin, "postgres"),
    args: ["-D", data, ...settingArguments(settings)],
    cwd: housing.folder,
    env: binaries.env,
    user: serverUser,
    log: join(housing.folder, "postgres.log"),
    // A throw-away cluster needs no last checkpoint: "immediate" instead of "fast".
    signal: housing.throwAway ? "QUIT" : "INT",
    ...(housing.throwAway ? { discard: housing.folder } : {})
  })
  const url = Redacted.make(`postgres://postgres:${password}@127.0.0.1:${port}/postgres`)
  const version = yield* Effect.raceFirst(
    probePostgis(url, START_LIMIT),
    Effect.flatMap(ended, (reason) => Effect.fail(new SourceUnavailable({ reason })))
  )
  yield* reportEnd(ended)
  return { url, version }
})

/** Settings as arguments of the `postgres` program. */
export const settingArguments = (settings: Readonly<Record<string, string | number>>): ReadonlyArray<string> =>
  Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])

/** The major version of the data in a housing, such as "17"; undefined where there are none yet. */
export const dataVersion = (folder: string): string | undefined => {
  const file = join(folder, "data", "PG_VERSION")
  return existsSync(file) ? readFileSync(file, "utf8").trim() : undefined
}

/** `initdb`, whole or not at all: killed half-way, it leaves something that looks like a cluster and is none. */
const initialise = Effect.fn("initialise")(function*(binaries: Binaries, housing: Housing, data: string) {
  // A name of its own: an `initdb` whose parent was killed may still be at work, and tidies up after itself.
  const draft = `${data}.${randomBytes(4).toString("hex")}`
  const secret = join(housing.folder, "password")
  yield* orUnavailable("data folder", () => {
    writeFileSync(secret, Redacted.value(housing.password), { mode: 0o600 })
    giveToServerUser(secret)
  })
  const options = ["-U", "postgres", "-A", "scram-sha-256", `--pwfile=${secret}`, "-E", "UTF8", "--locale=C"]
  yield* runCommand(
    join(binaries.bin, "initdb"),
    ["-D", draft, ...options, ...(housing.fsync ? [] : ["--no-sync"])],
    { ...serverUser, cwd: housing.folder, env: binaries.env, timeout: INITDB_LIMIT_MS }
  )
  yield* orUnavailable("data folder", () => {
    rmSync(secret)
    renameSync(draft, data)
  })
})

/** Waits while a server that lost its parent is still going down. What it does not come to, PostgreSQL itself judges. */
const predecessorGone = (data: string) =>
  Effect.sync(() => existsSync(join(data, "postmaster.pid")) && isAlive(firstLine(join(data, "postmaster.pid")))).pipe(
    Effect.repeat({ while: (running) => running, schedule: Schedule.spaced("100 millis") }),
    Effect.timeoutOption(PREDECESSOR_LIMIT)
  )

const firstLine = (file: string): number => {
  try {
    return Number(readFileSync(file, "utf8").split("\n")[0])
  } catch {
    // It went away between the two looks.
    return Number.NaN
  }
}
