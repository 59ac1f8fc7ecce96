import { Effect, Redacted, Schema } from "effect"
import type { Scope } from "effect"
import { createHash, randomBytes } from "node:crypto"
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { freePort } from "./free-port.ts"
import { orUnavailable, Source, type SourceUnavailable } from "./postgres-source.ts"
import { giveToServerUser, isReachableForServerUser } from "./server-user.ts"

/** Where a data folder that the server's user cannot reach is kept instead. */
const REACHABLE_FOLDER = "/var/lib/surety"

/** What a data folder remembers, so that a later start finds the same data behind the same address. */
const Pin = Schema.Struct({
  source: Source,
  folder: Schema.String,
  port: Schema.Int,
  password: Schema.String
})
export type Pin = typeof Pin.Type

const decodePin = Schema.decodeUnknownSync(Schema.fromJsonString(Pin))
const encodePin = Schema.encodeSync(Schema.fromJsonString(Pin))
const pinFile = (dataFolder: string) => join(dataFolder, "server.json")

/** What the data folder remembers; undefined before its first successful start. */
export const readPin = (dataFolder: string): Effect.Effect<Pin | undefined, SourceUnavailable> =>
  orUnavailable(
    pinFile(dataFolder),
    () => existsSync(pinFile(dataFolder)) ? decodePin(readFileSync(pinFile(dataFolder), "utf8")) : undefined
  )

/** Whole or not at all: a torn pin would hide the data. */
const writePin = (dataFolder: string, pin: Pin): Effect.Effect<void, SourceUnavailable> =>
  orUnavailable(pinFile(dataFolder), () => {
    writeFileSync(`${pinFile(dataFolder)}.new`, `${encodePin(pin)}\n`, { mode: 0o600 })
    renameSync(`${pinFile(dataFolder)}.new`, pinFile(dataFolder))
  })

/** The place of one server: its files, its address, its password, and how dear its data are. */
export interface Housing {
  /** Exists; the user the server runs as owns it. */
  readonly folder: string
  /** A port of 127.0.0.1, the same as last time if it is free. Ask when an earlier server is surely gone. */
  readonly port: Effect.Effect<number, SourceUnavailable>
  readonly password: Redacted.Redacted
  readonly throwAway: boolean
  /** Whether a commit must survive a power cut. */
  readonly fsync: boolean
  /** Called when a server of this source runs here, on this port. */
  readonly remember: (source: Source, port: number) => Effect.Effect<void, SourceUnavailable>
}

const newPassword = () => Redacted.make(randomBytes(18).toString("base64url"))

/** Makes a place for a throw-away server, below the system's temporary folder; gone when the scope closes. */
export const temporaryHousing = (fsync: boolean): Effect.Effect<Housing, SourceUnavailable, Scope.Scope> =>
  Effect.acquireRelease(
    orUnavailable("temporary folder", () => {
      const folder = mkdtempSync(join(tmpdir(), "surety-postgres-"))
      giveToServerUser(folder)
      return folder
    }),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  ).pipe(
    Effect.map((folder) => ({
      folder,
      port: freePort(undefined),
      password: newPassword(),
      throwAway: true,
      fsync,
      remember: () => Effect.void
    }))
  )

/** The place of a data folder's server: the one it is pinned to, else a new one. The caller holds the folder's lock. */
export const lastingHousing = Effect.fn("lastingHousing")(function*(options: {
  readonly dataFolder: string
  readonly pin: Pin | undefined
  readonly source: Source
  readonly say: (line: string) => Effect.Effect<void>
}) {
  const { dataFolder, pin, say, source } = options
  const folder = pin?.folder ?? newPlace(dataFolder, source)
  if (pin === undefined && !folder.startsWith(dataFolder)) {
    yield* say(`PostgreSQL may not run as root, and its user cannot reach ${dataFolder}: the data are in ${folder}`)
  }
  yield* orUnavailable(`data folder ${folder}`, () => {
    // Without a pin nothing here was ever in use: it is what an unfinished start left, or of a deleted data folder.
    if (pin === undefined && existsSync(folder)) renameSync(folder, `${folder}.${Date.now()}.unused`)
    mkdirSync(dirname(folder), { recursive: true })
    if (!existsSync(folder)) mkdirSync(folder)
    chmodSync(folder, 0o700)
    giveToServerUser(folder)
  })
  const password = pin === undefined ? newPassword() : Redacted.make(pin.password)
  return {
    folder,
    port: freePort(pin?.port),
    password,
    throwAway: false,
    fsync: true,
    remember: (source, port) => writePin(dataFolder, { source, folder, port, password: Redacted.value(password) })
  } satisfies Housing
})

const newPlace = (dataFolder: string, source: Source): string => {
  const name = createHash("sha256").update(dataFolder).digest("hex").slice(0, 12)
  const place = join(dataFolder, source)
  return isReachableForServerUser(place) ? place : join(REACHABLE_FOLDER, `${name}-${source}`)
}
