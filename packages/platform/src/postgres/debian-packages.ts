import { Effect } from "effect"
import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { basename, join } from "node:path"
import { awaitFolder } from "./data-folder-lock.ts"
import { orUnavailable, SourceUnavailable } from "./postgres-source.ts"
import type { Binaries } from "./private-cluster.ts"
import { runCommand } from "./run-command.ts"

const UPDATE_LIMIT_MS = 180_000
const DOWNLOAD_LIMIT_MS = 600_000
const QUICK_LIMIT_MS = 60_000
/** How long another process' download is waited for. */
const OTHERS_LIMIT = { seconds: 900 }

/**
 * What PostGIS' packages depend on and neither `postgres` nor `postgis-3.so` loads: raster drivers, 3D, JIT, Debian's own
 * tools. Without them the download is 31–55 MB. One too many here shows as a clear error when the server starts.
 */
const NOT_NEEDED = new RegExp(`^(${
  [
    "libgdal|gdal-|libsfcgal|libllvm|libz3|libpoppler|libhdf|libnetcdf|libspatialite|libmariadb|mariadb-|mysql-",
    "liblapack|libblas|libgfortran|libquadmath|libxerces|libboost|libcfitsio|libkml|libogdi|libarmadillo|libarpack",
    "libsuperlu|libodbc|unixodbc|libqhull|libfyba|libfreexl|libgeotiff|librttopo|libminizip|libmpfr|perl|libperl",
    "libgdbm|libjson-perl|libcommon-sense|libtypes-serialiser|libipc-run|libio-pty|ssl-cert|postgresql-common",
    "postgresql-client|sensible-utils|ucf|openssl$|sysvinit|adduser|locales|netbase|logrotate|python"
  ].join("|")
})`)

/**
 * PostgreSQL with PostGIS from this machine's own package sources, unpacked into a cache folder: nothing is installed, and
 * nobody needs to be root. Downloaded once; a second process that comes while the first downloads, waits for it.
 */
export const unpackDebianPackages = Effect.fn("unpackDebianPackages")(
  function*(cacheFolder: string, say: (line: string) => Effect.Effect<void>) {
    if (!existsSync("/usr/bin/apt-get") || !existsSync("/usr/bin/dpkg-deb")) {
      return yield* new SourceUnavailable({ reason: "not a Debian or Ubuntu machine" })
    }
    const home = join(cacheFolder, `${systemName()}-${process.arch}`)
    yield* orUnavailable("cache folder", () => mkdirSync(home, { recursive: true, mode: 0o755 }))
    yield* awaitFolder(home, OTHERS_LIMIT, say("another process is downloading PostgreSQL + PostGIS: waiting for it …"))
      .pipe(
        Effect.catchTag("DataFolderInUse", (error) => new SourceUnavailable({ reason: error.message }))
      )
    if (!existsSync(join(home, "root"))) {
      yield* say("downloading PostgreSQL + PostGIS from the machine's package sources (nothing gets installed) …")
      yield* download(home, say)
    }
    return yield* orUnavailable("cache folder", () => binariesIn(join(home, "root")))
  },
  Effect.scoped
)

const binariesIn = (root: string): Binaries => {
  const major = readFileSync(join(root, "major"), "utf8")
  // Libraries are in usr/lib/<triplet>, on older systems in lib/<triplet> as well.
  const libraries = [...globSync(`${root}/usr/lib/*-linux-gnu*`), ...globSync(`${root}/lib/*-linux-gnu*`)]
  return {
    bin: join(root, `usr/lib/postgresql/${major}/bin`),
    env: {
      LD_LIBRARY_PATH: libraries.join(":"),
      PROJ_DATA: `${root}/usr/share/proj`,
      PROJ_LIB: `${root}/usr/share/proj`
    },
    description: `Debian packages in ${root}`
  }
}

/** Fills `<home>/root`, whole or not at all. */
const download = Effect.fn("download")(function*(home: string, say: (line: string) => Effect.Effect<void>) {
  const started = Date.now()
  const draft = join(home, "draft")
  const root = join(draft, "root")
  yield* orUnavailable("cache folder", () => {
    rmSync(draft, { recursive: true, force: true })
    for (const folder of ["lists/partial", "archives/partial", "log", "root"]) {
      mkdirSync(join(draft, folder), { recursive: true, mode: 0o755 })
    }
  })
  const apt = (command: string, timeout: number, ...args: ReadonlyArray<string>) =>
    runCommand(command, [...aptOptions(draft), ...args], { timeout, cwd: join(draft, "archives") })

  // A broken source of someone else's is only a warning here.
  yield* apt("apt-get", UPDATE_LIMIT_MS, "update")
  const names = yield* apt("apt-cache", QUICK_LIMIT_MS, "pkgnames", "postgresql-")
  const majors = [...names.matchAll(/^postgresql-(\d+)-postgis-3$/gm)].map(([, major]) => Number(major))
  if (majors.length === 0) return yield* new SourceUnavailable({ reason: "the package sources have no PostGIS 3" })
  const major = Math.max(...majors)
  const wanted = [`postgresql-${major}`, `postgresql-${major}-postgis-3`, `postgresql-${major}-postgis-3-scripts`]
  const plan = yield* apt("apt-get", QUICK_LIMIT_MS, "--yes", "--print-uris", "--reinstall", "install", ...wanted)
  const packages = [...plan.matchAll(/^'[^']+' ([^_\s]+)\S* (\d+)/gm)]
    .map(([, name = "", bytes]) => ({ name, bytes: Number(bytes) }))
    .filter(({ name }) => !NOT_NEEDED.test(name))
  yield* apt("apt-get", DOWNLOAD_LIMIT_MS, "download", ...packages.map(({ name }) => name))

  for (const file of readdirSync(join(draft, "archives")).filter((name) => name.endsWith(".deb"))) {
    yield* runCommand("dpkg-deb", ["-x", join(draft, "archives", file), root], { timeout: QUICK_LIMIT_MS })
  }
  yield* orUnavailable("cache folder", () => finish(root, major))
  yield* orUnavailable("cache folder", () => {
    renameSync(root, join(home, "root"))
    rmSync(draft, { recursive: true })
  })
  const megabytes = packages.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6
  const seconds = (Date.now() - started) / 1000
  yield* say(`${packages.length} packages, ${megabytes.toFixed(0)} MB, ${seconds.toFixed(1)} s: ${home}`)
})

/** What the packages' installation scripts would have done. */
const finish = (root: string, major: number) => {
  for (const control of globSync(`${root}/usr/share/postgresql/${major}/extension/*-3.control`)) {
    const link = control.replace(/-3\.control$/, ".control")
    if (!existsSync(link)) symlinkSync(basename(control), link)
  }
  rmSync(`${root}/usr/lib/postgresql/${major}/lib/bitcode`, { recursive: true, force: true })
  writeFileSync(join(root, "major"), String(major))
}

/** A state, a cache and lists of our own, the machine's sources and keys, and what it has installed. */
export const aptOptions = (draft: string): ReadonlyArray<string> =>
  [
    `Dir::State=${draft}`,
    `Dir::State::lists=${draft}/lists`,
    "Dir::State::status=/var/lib/dpkg/status",
    `Dir::Cache=${draft}`,
    `Dir::Log=${draft}/log`,
    "Debug::NoLocking=1",
    "APT::Sandbox::User=",
    "APT::Install-Recommends=false",
    "Acquire::Languages=none",
    "Acquire::Retries=2",
    "Acquire::http::Timeout=20",
    "Acquire::https::Timeout=20"
  ].flatMap((option) => ["-o", option])

/** Such as "debian-12"; libraries of one release do not fit another. */
export const systemName = (): string => {
  const fields = new Map(
    readFileSync("/etc/os-release", "utf8").split("\n").map((line) => {
      const [name = "", value = ""] = line.replaceAll("\"", "").split("=", 2)
      return [name, value]
    })
  )
  return `${fields.get("ID")}-${fields.get("VERSION_ID") ?? fields.get("VERSION_CODENAME")}`
}
