import { Effect, Schedule, Schema } from "effect"
import type { Scope } from "effect"
import { readFileSync, writeFileSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { orUnavailable, type SourceUnavailable } from "./postgres-source.ts"

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

/**
 * Holds a folder for this process until the scope closes; fails at once where another holds it.
 *
 * The lock is one of the operating system on the file `<folder>.lock`, taken through SQLite because Node has no other
 * way to it. It ends with the process however that ends, so there are no stale locks to tell from live ones and no
 * moment in which two processes hold it. The pid beside it is only for the message.
 */
export const lockFolder = (folder: string): Effect.Effect<void, DataFolderInUse | SourceUnavailable, Scope.Scope> =>
  Effect.acquireRelease(
    orUnavailable(`lock of ${folder}`, () => new DatabaseSync(`${folder}.lock`)),
    (lock) => Effect.sync(() => lock.close())
  ).pipe(
    Effect.flatMap((lock) =>
      Effect.try({
        try: () => lock.exec("BEGIN EXCLUSIVE"),
        catch: () => new DataFolderInUse({ folder, pid: readHolder(folder) })
      })
    ),
    Effect.andThen(orUnavailable(`lock of ${folder}`, () => writeFileSync(`${folder}.pid`, String(process.pid))))
  )

/** As `lockFolder`, but waits: for a server that is just shutting down because its parent died. */
export const awaitLock = (
  folder: string,
  limit: { readonly seconds: number }
): Effect.Effect<void, DataFolderInUse | SourceUnavailable, Scope.Scope> =>
  lockFolder(folder).pipe(
    Effect.retry({
      while: (error) => error._tag === "DataFolderInUse",
      schedule: Schedule.spaced("100 millis"),
      times: limit.seconds * 10
    })
  )

const readHolder = (folder: string): number | undefined => {
  try {
    const pid = Number(readFileSync(`${folder}.pid`, "utf8"))
    process.kill(pid, 0)
    return pid
  } catch (cause) {
    // EPERM: it lives and belongs to someone else.
    return isNotPermitted(cause) ? Number(readFileSync(`${folder}.pid`, "utf8")) : undefined
  }
}

const isNotPermitted = (cause: unknown) => cause instanceof Error && "code" in cause && cause.code === "EPERM"
