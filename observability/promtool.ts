import { awaitFolder } from "@surety/platform/postgres/data-folder-lock"
import { aptOptions, systemName } from "@surety/platform/postgres/debian-packages"
import { orUnavailable, SourceUnavailable } from "@surety/platform/postgres/postgres-source"
import { runCommand } from "@surety/platform/postgres/run-command"
import { Effect } from "effect"
import { existsSync, globSync, mkdirSync, renameSync, rmSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"

const UPDATE_LIMIT_MS = 180_000
const DOWNLOAD_LIMIT_MS = 300_000
const QUICK_LIMIT_MS = 60_000
const OTHERS_LIMIT = { seconds: 600 }

/**
 * Prometheus' `promtool`: of this machine, or of Debian's package, unpacked into a cache folder without being installed.
 *
 * @returns what to run; fails with `SourceUnavailable`, which says why it could not be had
 */
export const findPromtool: Effect.Effect<string, SourceUnavailable> = Effect.suspend(() =>
  runCommand("promtool", ["--version"], { timeout: QUICK_LIMIT_MS }).pipe(
    Effect.as("promtool"),
    Effect.catchTag("SourceUnavailable", () => unpackPromtool(join(homedir(), ".cache/surety/promtool")))
  )
)

const unpackPromtool = Effect.fn("unpackPromtool")(function*(cacheFolder: string) {
  if (!existsSync("/usr/bin/apt-get") || !existsSync("/usr/bin/dpkg-deb")) {
    return yield* new SourceUnavailable({ reason: "no promtool on the path, and not a Debian or Ubuntu machine" })
  }
  const home = join(cacheFolder, `${systemName()}-${process.arch}`)
  yield* orUnavailable("cache folder", () => mkdirSync(home, { recursive: true }))
  yield* awaitFolder(home, OTHERS_LIMIT, Effect.logDebug("another process is downloading promtool")).pipe(
    Effect.catchTag("DataFolderInUse", (error) => new SourceUnavailable({ reason: error.message }))
  )
  const promtool = join(home, "promtool")
  if (!existsSync(promtool)) yield* download(home, promtool)
  return promtool
}, Effect.scoped)

const download = Effect.fn("download")(function*(home: string, promtool: string) {
  const draft = join(home, "draft")
  yield* orUnavailable("cache folder", () => {
    rmSync(draft, { recursive: true, force: true })
    for (const folder of ["lists/partial", "archives/partial", "log"]) {
      mkdirSync(join(draft, folder), { recursive: true })
    }
  })
  const apt = (command: string, timeout: number, ...args: ReadonlyArray<string>) =>
    runCommand(command, [...aptOptions(draft), ...args], { timeout, cwd: join(draft, "archives") })

  yield* apt("apt-get", UPDATE_LIMIT_MS, "update")
  // Newer releases have it in a package of its own, older ones beside the server.
  const names = yield* apt("apt-cache", QUICK_LIMIT_MS, "pkgnames", "prom")
  const wanted = ["promtool", "prometheus"].find((name) => names.split("\n").includes(name))
  if (wanted === undefined) return yield* new SourceUnavailable({ reason: "the package sources have no promtool" })
  yield* apt("apt-get", DOWNLOAD_LIMIT_MS, "download", wanted)
  for (const file of globSync(join(draft, "archives/*.deb"))) {
    yield* runCommand("dpkg-deb", ["-x", file, join(draft, "root")], { timeout: QUICK_LIMIT_MS })
  }
  yield* orUnavailable("cache folder", () => {
    renameSync(join(draft, "root/usr/bin/promtool"), promtool)
    rmSync(draft, { recursive: true })
  })
})
