import { migrate } from "@surety/platform/migrate"
import { unpackDebianPackages } from "@surety/platform/postgres/debian-packages"
import { ensureTemplate, freshDatabase } from "@surety/platform/postgres/fresh-database"
import { findLocalBinaries } from "@surety/platform/postgres/local-binaries"
import { startCluster } from "@surety/platform/postgres/private-cluster"
import { giveToServerUser } from "@surety/platform/postgres/server-user"
import { administrator } from "@surety/testkit/test-database"
import { Effect, Exit, Layer, Redacted, References, Scope } from "effect"
import { randomBytes } from "node:crypto"
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import { fillCatalogue } from "../../bench/catalogue.ts"
import { familyOf } from "./process-family.ts"
import { quietPort } from "./quiet-port.ts"

/** A PostgreSQL of our own, with commits on disk, that can be killed and comes back with its data at the same address. */
export interface PrivatePostgres {
  /** Whose databases these are; for `freshDatabase`. */
  readonly server: Parameters<typeof freshDatabase>[0]["server"]
  /** SIGKILL for the postmaster and all its children at once, as when the machine goes. */
  readonly kill: Effect.Effect<void>
  /** Starts it again after a kill, or after it ended by itself; done when it has recovered and answers. */
  readonly start: Effect.Effect<void>
  /** Whether its postmaster lives. */
  readonly runs: Effect.Effect<boolean>
}

const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = mkdtempSync(join(tmpdir(), "surety-chaos-"))
    chmodSync(folder, 0o755)
    return folder
  }),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
)

const cacheFolder = () => process.getuid?.() === 0 ? "/var/cache/surety" : join(homedir(), ".cache/surety")

const findBinaries = findLocalBinaries(undefined).pipe(
  Effect.catch(() => unpackDebianPackages(cacheFolder(), Effect.logInfo))
)

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/**
 * Starts one in a folder of its own, or in a given one, which its user must be able to reach; the end of the scope ends it.
 */
export const privatePostgres = Effect.fnUntraced(function*(given?: string) {
  const home = given ?? (yield* temporaryFolder)
  const binaries = yield* Effect.orDie(findBinaries)
  const folder = join(home, "server")
  yield* Effect.sync(() => {
    mkdirSync(folder, { mode: 0o700 })
    giveToServerUser(folder)
  })
  const password = Redacted.make(randomBytes(18).toString("base64url"))
  const port = yield* quietPort
  const housing = {
    folder,
    port: Effect.succeed(port),
    password,
    throwAway: false,
    fsync: true,
    remember: () => Effect.void
  }
  // Every start has a scope in this one, which closes where the first start stands among the caller's: after its databases.
  const life = yield* Scope.fork(yield* Effect.scope)
  let running: Scope.Closeable | undefined
  const postmaster = () => Number(readFileSync(join(folder, "data/postmaster.pid"), "utf8").split("\n")[0])
  const runs = Effect.sync(() => {
    try {
      return isAlive(postmaster())
    } catch {
      return false
    }
  })
  const end = Effect.suspend(() => running === undefined ? Effect.void : Scope.close(running, Exit.void))

  const start = Effect.gen(function*() {
    yield* end
    running = yield* Scope.fork(life)
    return yield* Scope.provide(startCluster(binaries, housing), running)
    // That it is gone, which is what we do to it, is no news.
  }).pipe(Effect.provideService(References.MinimumLogLevel, "Fatal"), Effect.orDie)
  const { url, version } = yield* start

  const kill = Effect.sync(() => {
    const [first, ...others] = familyOf(postmaster())
    for (const pid of [first!, ...others]) {
      try {
        process.kill(pid, "SIGKILL")
      } catch {
        // It went with its postmaster.
      }
    }
  }).pipe(Effect.andThen(Effect.suspend(() => end)))

  return {
    server: { source: "local", description: `${version}, fsync on`, url, concurrent: true },
    kill,
    start: Effect.asVoid(start),
    runs
  } satisfies PrivatePostgres
})

const TEMPLATE = "surety_chaos"

const prepare = (url: Redacted.Redacted) =>
  Effect.andThen(migrate(url), Effect.provide(fillCatalogue, Layer.orDie(administrator(url))))

/** A migrated database with the benchmark's catalogue in it: 1,000 products in ten warehouses, one sold out. */
export const stockedDatabase = ({ server }: Pick<PrivatePostgres, "server">) =>
  ensureTemplate({ server, name: TEMPLATE, prepare }).pipe(
    Effect.andThen(freshDatabase({ server, template: TEMPLATE })),
    Effect.provideService(References.MinimumLogLevel, "Warn"),
    Effect.orDie
  )
