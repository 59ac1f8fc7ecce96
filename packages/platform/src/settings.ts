import { Config, Redacted, Schema } from "effect"
import { ANSWER_TIMEOUT_MILLIS, type DatabaseSettings } from "./database.ts"
import type { ListenSettings } from "./listening-server.ts"

const PostgresUrl = Schema.String.check(
  Schema.makeFilter((url) =>
    /^postgres(ql)?:$/.test(URL.parse(url)?.protocol ?? "") || "must be a URL such as postgres://user@host:5432/name"
  )
)

/**
 * `HOST` for every service alike, and the port under the service's own name, so that one environment can hold all; 0 takes
 * any free port.
 */
export const listenSettings = (portVariable: string, port: number): Config.Config<ListenSettings> =>
  Config.all({
    host: Config.String("HOST").pipe(Config.withDefault("127.0.0.1")),
    port: wholeSetting(portVariable, { minimum: 0, maximum: 65_535, fallback: port })
  })

/** `DATABASE_URL`, the size of the pool and its patience; the role is the schema's, not a setting. */
export const databaseSettings = (service: string, role: string): Config.Config<DatabaseSettings> =>
  Config.all({
    url: Config.map(Config.schema(PostgresUrl, "DATABASE_URL"), (url) => Redacted.make(url)),
    max_connections: wholeSetting("DATABASE_MAX_CONNECTIONS", { minimum: 1, maximum: 500, fallback: 10 }),
    answer_timeout_millis: wholeSetting("DATABASE_ANSWER_TIMEOUT_MILLIS", {
      minimum: 100,
      maximum: 60_000,
      fallback: ANSWER_TIMEOUT_MILLIS
    })
  }).pipe(Config.map((settings) => ({ ...settings, role, application_name: `surety-${service}` })))

/** A base URL such as `http://127.0.0.1:3001`, without the slash at its end. */
export const urlSetting = (variable: string, fallback: string): Config.Config<string> =>
  Config.URL(variable).pipe(
    Config.map((url) => url.toString().replace(/\/$/, "")),
    Config.withDefault(fallback)
  )

/** A whole number between two limits, both included. */
export const wholeSetting = (
  variable: string,
  limits: { readonly minimum: number; readonly maximum: number; readonly fallback: number }
): Config.Config<number> =>
  Config.schema(Schema.NumberFromString.check(Schema.isInt(), Schema.isBetween(limits)), variable).pipe(
    Config.withDefault(limits.fallback)
  )
