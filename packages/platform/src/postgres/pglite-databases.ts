import { Duration, Effect, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs"
import { cp } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { awaitFolder } from "./data-folder-lock.ts"
import type { Housing } from "./data-folder.ts"
import { freePort } from "./free-port.ts"
import { runPglite } from "./pglite-process.ts"
import { orUnavailable, SourceUnavailable } from "./postgres-source.ts"
import { connect, probePostgis } from "./probe-postgis.ts"

/** How long another process that builds the same folder, or that is going down in it, is waited for. */
const OTHERS_LIMIT = { seconds: 300 }
const PROBE_LIMIT = Duration.seconds(20)

/**
 * Prepares PostgreSQL compiled to WebAssembly, with PostGIS, out of optional npm packages: its data folder as it is before
 * anyone used it, made once and copied from then on.
 */
export const ensurePristine = Effect.fn("ensurePristine")(function*(
  cacheFolder: string,
  say: (line: string) => Effect.Effect<void>
) {
  const folder = join(cacheFolder, yield* packages)
  const announce = say("preparing PGlite, PostgreSQL in WebAssembly: once, up to 40 s, about 1 GB of memory …")
  yield* buildOnce({ folder, from: undefined, announce, prepare: () => Effect.void })
  return join(folder, "data")
})

/**
 * Runs PGlite on its folder. It has one session and one database, so a further database is a further server: a copy of
 * pristine data or of a template, in a process of its own.
 */
export const startPglite = Effect.fn("startPglite")(function*(cached: string, housing: Housing) {
  const { folder, throwAway } = housing
  const pristine = join(folder, "pristine")
  yield* orUnavailable(pristine, () => {
    rmSync(pristine, { force: true, recursive: true })
    symlinkSync(cached, pristine, "junction")
  })
  if (!existsSync(join(folder, "data"))) yield* copyData(pristine, folder)
  // The server of a parent that was killed may still have our port.
  yield* exclusively(folder, Effect.void)
  const url = yield* runPglite({
    folder,
    home: folder,
    port: yield* housing.port,
    password: Redacted.value(housing.password),
    throwAway
  })
  return { url, version: yield* probePostgis(url, PROBE_LIMIT) }
})

/** A server of its own with a copy of a template, or with nothing but PostGIS; gone when the scope closes. */
export const freshPglite = Effect.fn("freshPglite")(function*(server: Redacted.Redacted, template: string | undefined) {
  const home = yield* homeOf(server)
  const folder = yield* Effect.acquireRelease(
    orUnavailable("fresh database", () => {
      mkdirSync(join(home, "databases"), { recursive: true })
      return mkdtempSync(join(home, "databases/"))
    }),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  )
  yield* copyData(
    template === undefined ? join(home, "pristine") : join(templateFolder(home, template), "data"),
    folder
  )
  return yield* runPglite({ ...(yield* newAddress), folder, home, throwAway: true })
})

/** Builds the files of a template once a name; a second process that comes meanwhile waits. */
export const ensurePgliteTemplate = Effect.fn("ensurePgliteTemplate")(function*<E, R>(
  server: Redacted.Redacted,
  name: string,
  prepare: (url: Redacted.Redacted) => Effect.Effect<unknown, E, R>
) {
  const home = yield* homeOf(server)
  const folder = templateFolder(home, name)
  yield* buildOnce({ folder, from: join(home, "pristine"), announce: Effect.void, prepare })
})

const templateFolder = (home: string, name: string) => join(home, "templates", name)

/** Fills `<folder>/data`, whole or not at all, by running a server on a draft of it. */
const buildOnce = <E, R>(options: {
  readonly folder: string
  readonly from: string | undefined
  readonly announce: Effect.Effect<void>
  readonly prepare: (url: Redacted.Redacted) => Effect.Effect<unknown, E, R>
}) =>
  Effect.gen(function*() {
    const { announce, folder, from, prepare } = options
    const draft = join(folder, "draft")
    yield* orUnavailable(folder, () => mkdirSync(folder, { recursive: true }))
    const build = Effect.gen(function*() {
      if (existsSync(join(folder, "data"))) return
      yield* announce
      yield* orUnavailable(folder, () => {
        rmSync(draft, { recursive: true, force: true })
        mkdirSync(draft)
      })
      if (from !== undefined) yield* copyData(from, draft)
      const server = runPglite({ ...(yield* newAddress), folder: draft, home: draft, throwAway: false })
      yield* Effect.scoped(Effect.flatMap(server, prepare))
      yield* orUnavailable(folder, () => renameSync(join(draft, "data"), join(folder, "data")))
    })
    yield* exclusively(folder, build)
  })

const exclusively = <A, E, R>(folder: string, effect: Effect.Effect<A, E, R>) =>
  awaitFolder(folder, OTHERS_LIMIT).pipe(
    Effect.catchTag("DataFolderInUse", (error) => new SourceUnavailable({ reason: error.message })),
    Effect.andThen(effect),
    Effect.scoped
  )

const newAddress = Effect.map(freePort(undefined), (port) => ({
  port,
  password: randomBytes(18).toString("base64url")
}))

const copyData = (from: string, folder: string): Effect.Effect<void, SourceUnavailable> =>
  Effect.tryPromise({
    try: async () => {
      await cp(from, join(folder, "data.new"), { recursive: true, dereference: true, force: true })
      renameSync(join(folder, "data.new"), join(folder, "data"))
    },
    catch: (cause) => new SourceUnavailable({ reason: `copy of ${from}: ${String(cause)}` })
  })

/** A PGlite server tells where it lives, so that other processes of this machine can put databases beside it. */
const homeOf = (server: Redacted.Redacted) =>
  Effect.scoped(Effect.gen(function*() {
    const sql = yield* connect(server)
    const [row] = yield* sql<{ home: string }>`SELECT current_setting('surety.home') AS home`
    return row?.home ?? ""
  }))

/** Name and versions of the two packages: data of one version are not for another. */
const packages = Effect.try({
  try: () =>
    ["@electric-sql/pglite", "@electric-sql/pglite-postgis"].map((name) => `${name.slice(14)}-${versionOf(name)}`),
  catch: () =>
    new SourceUnavailable({
      reason: "the optional packages @electric-sql/pglite and @electric-sql/pglite-postgis are not installed"
    })
}).pipe(Effect.map((names) => names.join("-")))

const versionOf = (name: string): string => {
  const entry = createRequire(import.meta.url).resolve(name)
  const manifest: unknown = JSON.parse(readFileSync(join(dirname(entry), "../package.json"), "utf8"))
  return String(typeof manifest === "object" && manifest !== null ? Reflect.get(manifest, "version") : undefined)
}
