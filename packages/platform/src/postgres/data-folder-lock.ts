import { Effect, Schedule, Schema } from "effect"
import type { Scope } from "effect"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { SourceUnavailable } from "./postgres-source.ts"
import { isAlive } from "./process-alive.ts"

/** Another process works on this data folder. */
export class DataFolderInUse extends Schema.TaggedError<DataFolderInUse>()("DataFolderInUse", {
  folder: Schema.String,
  /** Of the process that holds it, where it could be told. */
  pid: Schema.optional(Schema.Int)
}) {
  override get message() {
    const holder = this.pid === undefined ? "another process" : `process ${this.pid}`
    return `The data folder ${this.folder} is in use by ${holder}: stop it, or choose another data folder.`
  }
}

const SQLITE_BUSY = 5
const RETRIES_PER_SECOND = 10

/**
 * Holds an existing folder for this process until the scope closes; fails at once where another holds it.
 *
 * The lock is the operating system's, on the file `lock`, and is taken through SQLite because Node has no other way to
 * it. It ends with the process however that ends, so there are no stale locks to tell from live ones, and no moment in
 * which two processes hold it. The pid beside it is only for the message.
 */
export const lockFolder = (folder: string): Effect.Effect<void, DataFolderInUse | SourceUnavailable, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => takeLock(folder)),
    (lock) => Effect.sync(() => lock.close())
  ).pipe(Effect.asVoid)

/** As `lockFolder`, but waits: for a server that goes down because its parent died, or for another's download. */
export const awaitFolder = (
  folder: string,
  limit: { readonly seconds: number },
  announce: Effect.Effect<void> = Effect.void
): Effect.Effect<void, DataFolderInUse | SourceUnavailable, Scope.Scope> =>
  Effect.catchTag(lockFolder(folder), "DataFolderInUse", () =>
    Effect.andThen(
      announce,
      Effect.retry(lockFolder(folder), {
        while: (error) => error._tag === "DataFolderInUse",
        schedule: Schedule.spaced(1000 / RETRIES_PER_SECOND),
        times: limit.seconds * RETRIES_PER_SECOND
      })
    ))

const takeLock = (folder: string): Effect.Effect<DatabaseSync, DataFolderInUse | SourceUnavailable> => {
  let lock: DatabaseSync | undefined
  try {
    lock = new DatabaseSync(join(folder, "lock"))
    lock.exec("BEGIN EXCLUSIVE")
    writeFileSync(join(folder, "lock.pid"), String(process.pid))
    return Effect.succeed(lock)
  } catch (cause) {
    lock?.close()
    return property(cause, "errcode") === SQLITE_BUSY
      ? Effect.fail(new DataFolderInUse({ folder, ...readHolder(folder) }))
      : Effect.fail(new SourceUnavailable({ reason: `cannot lock ${folder}: ${String(property(cause, "message"))}` }))
  }
}

/** The pid the holder wrote; none where it has not come to that yet and what stands there is a dead one's. */
const readHolder = (folder: string): { readonly pid?: number } => {
  try {
    const pid = Number(readFileSync(join(folder, "lock.pid"), "utf8"))
    return isAlive(pid) ? { pid } : {}
  } catch {
    return {}
  }
}

const property = (cause: unknown, name: string): unknown =>
  typeof cause === "object" && cause !== null ? Reflect.get(cause, name) : undefined
