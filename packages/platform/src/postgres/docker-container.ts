import { Duration, Effect, Redacted } from "effect"
import { createHash } from "node:crypto"
import { join } from "node:path"
import type { Housing } from "./data-folder.ts"
import { SourceUnavailable } from "./postgres-source.ts"
import { MAX_CONNECTIONS, settingArguments, WITHOUT_FSYNC } from "./private-cluster.ts"
import { probePostgis } from "./probe-postgis.ts"
import { runCommand } from "./run-command.ts"
import { reportEnd, supervise } from "./supervised-process.ts"

const IMAGE = "postgis/postgis:17-3.5"
/** The client alone proves nothing; an engine that is there answers at once. */
const ENGINE_LIMIT_MS = 5_000
const PULL_LIMIT_MS = 600_000
const STOP_LIMIT_MS = 30_000
const START_LIMIT = Duration.seconds(90)

/** Makes sure that an engine answers and has the image. */
export const pullImage = Effect.fn("pullImage")(function*(say: (line: string) => Effect.Effect<void>) {
  yield* docker(ENGINE_LIMIT_MS, "version", "--format", "{{.Server.Version}}")
  yield* Effect.catch(docker(ENGINE_LIMIT_MS, "image", "inspect", IMAGE), () =>
    Effect.andThen(
      say(`downloading ${IMAGE} with Docker …`),
      docker(PULL_LIMIT_MS, "pull", "--quiet", IMAGE)
    ))
})

/**
 * PostgreSQL with PostGIS in a container. It runs in the foreground under our supervisor, so that it ends with us. Lasting
 * data are in a volume whose name derives from the data folder and its password, since a volume keeps its first password.
 */
export const startContainer = Effect.fn("startContainer")(function*(housing: Housing) {
  const password = Redacted.value(housing.password)
  const name = `surety-${createHash("sha256").update(`${housing.folder} ${password}`).digest("hex").slice(0, 12)}`
  // We hold the data folder, so a container of that name is what a killed process left.
  const remove = Effect.ignore(docker(STOP_LIMIT_MS, "rm", "--force", "--volumes", name))
  yield* Effect.ignore(docker(STOP_LIMIT_MS, "stop", name))
  yield* remove
  yield* Effect.addFinalizer(() => remove)

  const port = yield* housing.port
  const ended = yield* supervise({
    command: "docker",
    args: [
      "run",
      "--rm",
      `--name=${name}`,
      `--publish=127.0.0.1:${port}:5432`,
      "--env=POSTGRES_PASSWORD",
      ...(housing.throwAway ? [] : [`--volume=${name}:/var/lib/postgresql/data`]),
      IMAGE,
      ...settingArguments({ max_connections: MAX_CONNECTIONS, ...(housing.fsync ? {} : WITHOUT_FSYNC) })
    ],
    cwd: housing.folder,
    env: { POSTGRES_PASSWORD: password },
    user: undefined,
    log: join(housing.folder, "docker.log"),
    signal: "INT",
    ...(housing.throwAway ? { discard: housing.folder } : {})
  })
  const url = Redacted.make(`postgres://postgres:${password}@127.0.0.1:${port}/postgres`)
  const version = yield* Effect.raceFirst(
    probePostgis(url, START_LIMIT),
    Effect.flatMap(ended, (reason) => Effect.fail(new SourceUnavailable({ reason })))
  )
  yield* reportEnd(ended)
  return { url, version }
})

const docker = (timeout: number, ...args: ReadonlyArray<string>) => runCommand("docker", args, { timeout })
