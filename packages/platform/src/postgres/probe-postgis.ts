import { PgClient } from "@effect/sql-pg"
import { Duration, Effect, Ref, Schedule } from "effect"
import type { Redacted } from "effect"
import { Reactivity } from "effect/reactivity"
import type { SqlError } from "effect/sql/SqlError"
import { SourceUnavailable } from "./postgres-source.ts"

/** SQLSTATE of a server that is starting up or going down. */
const CANNOT_CONNECT_NOW = "57P03"

/** Opens one session of its own, for as long as the scope lives. */
export const connect = (url: Redacted.Redacted) =>
  PgClient.makeClient({ url, applicationName: "surety-postgres" }).pipe(Effect.provide(Reactivity.layer))

/** Waits until a server takes queries, sees to it that PostGIS works there, and answers both versions. */
export const probePostgis = (url: Redacted.Redacted, limit: Duration.Duration) =>
  Effect.gen(function*() {
    const lastFailure = yield* Ref.make("no answer")
    const probe = Effect.scoped(Effect.gen(function*() {
      const sql = yield* connect(url)
      yield* sql`CREATE EXTENSION IF NOT EXISTS postgis`
      const [row] = yield* sql<{ postgres: string; postgis: string }>`
        SELECT split_part(current_setting('server_version'), ' ', 1) AS postgres, postgis_lib_version() AS postgis`
      return `PostgreSQL ${row?.postgres} with PostGIS ${row?.postgis}`
    }))
    return yield* probe.pipe(
      Effect.tapError((error) => Ref.set(lastFailure, messageOf(error))),
      Effect.retry({ while: isPassing, schedule: Schedule.spaced("100 millis") }),
      Effect.mapError((error) => new SourceUnavailable({ reason: messageOf(error) })),
      Effect.timeoutOrElse({
        duration: limit,
        orElse: () =>
          Effect.flatMap(Ref.get(lastFailure), (reason) =>
            Effect.fail(new SourceUnavailable({ reason: `not ready within ${Duration.format(limit)}: ${reason}` })))
      })
    )
  })

/** Not there yet, still starting, or another process is creating the extension this very moment. */
const isPassing = (error: SqlError): boolean =>
  error.reason._tag === "ConnectionError" || error.reason._tag === "UniqueViolation" ||
  causeOf(error, "code") === CANNOT_CONNECT_NOW

const messageOf = (error: SqlError): string =>
  String(causeOf(error, "message") || causeOf(error, "code") || error.message)

const causeOf = (error: SqlError, property: string): unknown => {
  const cause: unknown = error.reason.cause
  return typeof cause === "object" && cause !== null ? Reflect.get(cause, property) : undefined
}
