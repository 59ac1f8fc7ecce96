import { Effect } from "effect"
import { existsSync, globSync, realpathSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import { SourceUnavailable } from "./postgres-source.ts"
import type { Binaries } from "./private-cluster.ts"
import { runCommand } from "./run-command.ts"

/** Where packages put PostgreSQL without putting it on the PATH: Debian, Red Hat, Homebrew (ARM, Intel), Postgres.app. */
const USUAL_FOLDERS = [
  "/usr/lib/postgresql/*/bin",
  "/usr/pgsql-*/bin",
  "/opt/homebrew/opt/postgresql*/bin",
  "/usr/local/opt/postgresql*/bin",
  "/Applications/Postgres.app/Contents/Versions/*/bin"
]

const ASK_LIMIT_MS = 5_000

/**
 * PostgreSQL with PostGIS as this machine has it; the newest, or the one of a major version ("17") that existing data
 * need.
 */
export const findLocalBinaries = Effect.fn("findLocalBinaries")(function*(major: string | undefined) {
  if (process.platform === "win32") return yield* new SourceUnavailable({ reason: "not done on Windows" })
  const refused: Array<string> = []
  for (const bin of foldersWithPostgres()) {
    const version = yield* ask(join(bin, "postgres"), "--version")
    if (major !== undefined && !version.includes(`(PostgreSQL) ${major}`)) {
      refused.push(`${bin} is not of version ${major}, which the data need`)
    } else if (!(yield* hasPostgis(bin))) {
      refused.push(`${bin} has no PostGIS`)
    } else {
      return { bin, env: {}, description: bin } satisfies Binaries
    }
  }
  return yield* new SourceUnavailable({ reason: refused.join("; ") || "no PostgreSQL on this machine" })
})

const foldersWithPostgres = (): ReadonlyArray<string> => {
  const onPath = (process.env["PATH"] ?? "").split(delimiter)
    .filter((folder) => folder !== "" && existsSync(join(folder, "postgres")))
    .map((folder) => dirname(realpathSync(join(folder, "postgres"))))
  const usual = USUAL_FOLDERS.flatMap((pattern) =>
    globSync(pattern).toSorted((a, b) => b.localeCompare(a, "en", { numeric: true }))
  )
  return [...new Set([...onPath, ...usual])].filter((bin) =>
    existsSync(join(bin, "initdb")) && existsSync(join(bin, "postgres"))
  )
}

/** PostGIS is there if its control file is; where that is, `pg_config` knows, and Debian's is always in the same place. */
const hasPostgis = (bin: string) =>
  Effect.map(ask(join(bin, "pg_config"), "--sharedir"), (share) => {
    const folders = [
      share.trim(),
      bin.replace(/\/lib\/postgresql\/(\d+)\/bin$/, "/share/postgresql/$1"),
      join(bin, "../share/postgresql"),
      join(bin, "../share")
    ]
    return folders.some((folder) => existsSync(join(folder, "extension/postgis.control")))
  })

const ask = (command: string, question: string) =>
  runCommand(command, [question], { timeout: ASK_LIMIT_MS }).pipe(Effect.orElseSucceed(() => ""))
