import { Context, Duration, Effect, Exit, Redacted, Result, Scope } from "effect"
import { mkdirSync } from "node:fs"
import { homedir } from "node:os"
import { join, resolve } from "node:path"
import { type DataFolderInUse, lockFolder } from "./data-folder-lock.ts"
import { type Housing, lastingHousing, readPin, temporaryHousing } from "./data-folder.ts"
import { unpackDebianPackages } from "./debian-packages.ts"
import { pullImage, startContainer } from "./docker-container.ts"
import { findLocalBinaries } from "./local-binaries.ts"
import { ensurePristine, startPglite } from "./pglite-databases.ts"
import { NoDatabase, orUnavailable, Source, SourceUnavailable } from "./postgres-source.ts"
import { dataVersion, startCluster } from "./private-cluster.ts"
import { probePostgis } from "./probe-postgis.ts"
import { serverUser } from "./server-user.ts"

/** A PostgreSQL with PostGIS that takes connections. */
export class PostgresServer extends Context.Service<PostgresServer, {
  readonly source: Source
  /** For a person: versions, and where it runs. */
  readonly description: string
  /** A superuser's, of a database in which PostGIS is installed; with source `url` the one that was given. */
  readonly url: Redacted.Redacted
  /** Whether transactions can be open at the same time. Not so with PGlite, where they take turns. */
  readonly concurrent: boolean
}>()("surety/platform/PostgresServer") {}

export interface ResolveOptions {
  /** `persistent` keeps its data, safe against a power cut, in `dataFolder`; `ephemeral` is gone with the scope. */
  readonly mode: "persistent" | "ephemeral"
  readonly dataFolder?: string | undefined
  /** A server that is there already. If it does not work that is an error, never a reason to take another. */
  readonly databaseUrl?: Redacted.Redacted | undefined
  /** What may be tried, in this order; all by default. Without `url` in it, `databaseUrl` does not count. */
  readonly sources?: ReadonlyArray<Source> | undefined
  /** Refuse a server that cannot have several transactions open at once. */
  readonly concurrent?: boolean | undefined
  /** Makes an ephemeral server write commits to disk, for tests that crash it. A persistent one always does. */
  readonly fsync?: boolean | undefined
  /** For what is downloaded or prepared once. By default below the home folder, for root in /var/cache. */
  readonly cacheFolder?: string | undefined
  /** Gets a line for a person at each thing that takes long; the log by default. */
  readonly say?: ((line: string) => Effect.Effect<void>) | undefined
}

/** How long a given server may take to answer before it counts as not there. */
const URL_LIMIT = Duration.seconds(10)

/** A port can be taken by another process between our choice and the server's start. */
const START_ATTEMPTS = 3
const PORT_TAKEN = /address already in use|could not create any TCP\/IP sockets|port is already allocated/i

/** What every attempt needs to know: the options, with their defaults. */
interface Wish extends ResolveOptions {
  readonly say: (line: string) => Effect.Effect<void>
  readonly cacheFolder: string
  /** The major version of PostgreSQL that existing data need. */
  readonly dataVersion: string | undefined
}

/**
 * Finds or starts a PostgreSQL with PostGIS: the given one, else one of this machine's binaries, of privately unpacked
 * Debian packages, in Docker, or PGlite. It ends with the scope, or with this process, however that ends. A data folder
 * belongs to one process at a time, and for ever to the source of its first start.
 */
export const resolvePostgres = (
  options: ResolveOptions
): Effect.Effect<PostgresServer["Service"], NoDatabase | DataFolderInUse, Scope.Scope> =>
  Effect.gen(function*() {
    const wish: Wish = {
      ...options,
      dataVersion: undefined,
      say: options.say ?? Effect.logInfo,
      cacheFolder: options.cacheFolder ?? usualCacheFolder()
    }
    const sources = options.sources ?? Source.literals
    if (options.databaseUrl !== undefined && sources.includes("url")) return yield* givenServer(options.databaseUrl)
    if (options.mode === "ephemeral") {
      return yield* firstOf(sources, wish, () => temporaryHousing(options.fsync ?? false))
    }
    if (options.dataFolder === undefined) return yield* Effect.die(new Error("a persistent server needs a dataFolder"))
    return yield* serverOfDataFolder(resolve(options.dataFolder), sources, wish)
  })

const usualCacheFolder = () => serverUser === undefined ? join(homedir(), ".cache/surety") : "/var/cache/surety"

const givenServer = (url: Redacted.Redacted) =>
  probePostgis(url, URL_LIMIT).pipe(
    Effect.map((version) => ({ source: "url" as const, description: `${version}, as given`, url, concurrent: true })),
    Effect.mapError(({ reason }) => new NoDatabase({ tried: [{ source: "url", reason: `the given URL: ${reason}` }] }))
  )

/** The server of a data folder, which from its first start on is of one source: another would show other, empty data. */
const serverOfDataFolder = Effect.fn("serverOfDataFolder")(
  function*(dataFolder: string, sources: ReadonlyArray<Source>, wish: Wish) {
    yield* orUnavailable("it cannot be used", () => mkdirSync(dataFolder, { recursive: true }))
    yield* lockFolder(dataFolder)
    const pin = yield* readPin(dataFolder)
    if (pin !== undefined && !sources.includes(pin.source)) {
      return yield* new SourceUnavailable({
        reason: `${dataFolder} has data of source ${pin.source}, which is excluded`
      })
    }
    return yield* firstOf(
      pin === undefined ? sources : [pin.source],
      { ...wish, dataVersion: pin === undefined ? undefined : dataVersion(pin.folder) },
      (source) => lastingHousing({ dataFolder, pin, source, say: wish.say })
    )
  },
  Effect.catchTag("SourceUnavailable", ({ reason }) => new NoDatabase({ tried: [{ source: "data folder", reason }] }))
)

type House = (source: Source) => Effect.Effect<Housing, SourceUnavailable, Scope.Scope>

/** The first source that serves; the reasons of those before it go to the log, of all of them into the error. */
const firstOf = Effect.fn("firstOf")(function*(sources: ReadonlyArray<Source>, wish: Wish, house: House) {
  const tried: Array<(typeof NoDatabase.fields.tried.Type)[number]> = []
  for (const source of sources) {
    const outcome = yield* Effect.result(attempt(source, wish, house))
    if (Result.isSuccess(outcome)) return outcome.success
    tried.push({ source, reason: outcome.failure.reason })
    yield* Effect.logDebug(`no PostgreSQL of source ${source}: ${outcome.failure.reason}`)
  }
  return yield* new NoDatabase({ tried })
})

/** One source, in a scope of its own that closes at once where it fails: nothing of it stays behind. */
const attempt = (source: Source, wish: Wish, house: House) =>
  Effect.gen(function*() {
    const scope = yield* Scope.fork(yield* Scope.Scope)
    return yield* Scope.provide(serve(source, wish, house), scope).pipe(
      Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
    )
  }).pipe(
    Effect.retry({ while: ({ reason }) => PORT_TAKEN.test(reason), times: START_ATTEMPTS - 1 })
  )

/** Each source is got first, which may say why it cannot be, and only then given a place to run. */
const serve = Effect.fn("serve")(function*(source: Source, wish: Wish, house: House) {
  const { cacheFolder, say } = wish
  switch (source) {
    case "url":
      return yield* new SourceUnavailable({ reason: "no database URL was given" })
    case "local": {
      const binaries = yield* findLocalBinaries(wish.dataVersion)
      return yield* inhabit(source, house, binaries.description, (housing) => startCluster(binaries, housing))
    }
    case "debian": {
      const binaries = yield* unpackDebianPackages(cacheFolder, say)
      return yield* inhabit(source, house, binaries.description, (housing) => startCluster(binaries, housing))
    }
    case "docker": {
      yield* pullImage(say)
      return yield* inhabit(source, house, "in Docker", startContainer)
    }
    case "pglite": {
      yield* refusePglite(wish)
      const pristine = yield* ensurePristine(cacheFolder, say)
      return yield* inhabit(
        source,
        house,
        "PGlite: one transaction at a time",
        (housing) => startPglite(pristine, housing)
      )
    }
  }
})

const refusePglite = ({ concurrent, fsync, mode }: Wish) =>
  concurrent === true
    ? new SourceUnavailable({ reason: "PGlite has one session, and concurrent transactions were asked for" })
    : fsync === true && mode === "ephemeral"
    ? new SourceUnavailable({ reason: "PGlite cannot sync to disk, which was asked for" })
    : Effect.void

const inhabit = Effect.fn("inhabit")(function*<R>(
  source: Source,
  house: House,
  where: string,
  start: (housing: Housing) => Effect.Effect<Started, SourceUnavailable, R>
) {
  const housing = yield* house(source)
  const { url, version } = yield* start(housing)
  yield* housing.remember(source, Number(new URL(Redacted.value(url)).port))
  const description = `${version}, ${where}, ${housing.throwAway ? "throw-away" : `data in ${housing.folder}`}`
  return { source, description, url, concurrent: source !== "pglite" }
})

interface Started {
  readonly url: Redacted.Redacted
  readonly version: string
}
