import { Effect, Exit } from "effect"
import type { SqlClient } from "effect/sql"
import { execFileSync } from "node:child_process"
import { chmodSync, closeSync, mkdtempSync, openSync, readdirSync, rmdirSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { untilOver } from "./passing-time.ts"
import type { Storm } from "./storm.ts"

/** Enough for a cluster with PostGIS, its template databases and the first segments of WAL. */
const DISK_MEGABYTES = 400
const BLOCK = Buffer.alloc(64 * 1024, 1)
const FULL_TIMES = { short: 1, full: 3 } as const

/** A small disk of its own, in memory. */
const smallDisk = Effect.suspend(() => {
  if (process.platform !== "linux") return Effect.succeed({ skipped: "only on Linux: it needs tmpfs" })
  if (process.getuid?.() !== 0) return Effect.succeed({ skipped: "only for root: it mounts a small tmpfs" })
  return mounted.pipe(
    Effect.map((folder) => ({ folder })),
    Effect.catch((reason) => Effect.succeed({ skipped: `a tmpfs could not be mounted: ${reason}` }))
  )
})

const mounted = Effect.acquireRelease(
  Effect.try({
    try: () => {
      const folder = mkdtempSync(join(tmpdir(), "surety-small-disk-"))
      try {
        execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_MEGABYTES}m,mode=0755`, "tmpfs", folder], {
          stdio: ["ignore", "ignore", "pipe"]
        })
      } catch (error) {
        rmdirSync(folder)
        throw error
      }
      chmodSync(folder, 0o755)
      return folder
    },
    catch: (error) => error instanceof Error ? error.message.trim() : String(error)
  }),
  (folder) =>
    Effect.sync(() => {
      execFileSync("umount", ["-l", folder])
      rmdirSync(folder)
    })
)

/** Writes until nothing more goes onto the disk; succeeds with how many bytes that were. */
const fill = (file: string) =>
  Effect.sync(() => {
    const disk = openSync(file, "w")
    let bytes = 0
    try {
      while (true) bytes += writeSync(disk, BLOCK)
    } catch {
      return bytes
    } finally {
      closeSync(disk)
    }
  })

/** Whether the database can still write something larger than what it has in reserve. */
const refusesWrites = (sql: SqlClient.SqlClient) =>
  sql`CREATE TABLE IF NOT EXISTS scratch AS SELECT repeat('x', 100) FROM generate_series(1, 50000)`.pipe(
    Effect.andThen(sql`DROP TABLE scratch`),
    Effect.exit,
    Effect.map(Exit.isFailure)
  )

/** Something else has filled the disk: nothing can be written, not even WAL, which PostgreSQL does not survive. */
export const diskFull: Storm = {
  name: "disk-full",
  says: "PostgreSQL's disk is full for some seconds, again and again (a small tmpfs, so only for root on Linux)",
  seconds: { short: 4, full: 15 },
  home: smallDisk,
  blow: ({ cluster: { sql }, customers, home, postgres, scale, seconds }) =>
    Effect.gen(function*() {
      const crowd = yield* customers({ patience: { order_seconds: 120 } })
      const ballast = mkdtempSync(join(home!, "ballast-"))
      const seen = { "disk filled": 0, "writes refused": 0 }
      let ended = 0
      const once = Effect.gen(function*() {
        // What was freed meanwhile, such as a segment of WAL, is taken too.
        if ((yield* fill(join(ballast, `${seen["disk filled"]}`))) > 0) seen["disk filled"] += 1
        if (yield* refusesWrites(sql)) seen["writes refused"] += 1
        yield* Effect.sleep("300 millis")
      })
      for (let time = 0; time < FULL_TIMES[scale]; time += 1) {
        yield* Effect.sleep("2 seconds")
        yield* untilOver(seconds, once)
        yield* Effect.sync(() => {
          for (const file of readdirSync(ballast)) rmSync(join(ballast, file))
        })
        if (yield* postgres.runs) continue
        ended += 1
        yield* postgres.start
      }
      return { customers: crowd, injected: seen, tells: `PostgreSQL ended by it ${ended} times, and was started again` }
    })
}
