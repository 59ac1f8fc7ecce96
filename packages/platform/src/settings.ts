import { Config, Schema } from "effect"
import type { DatabaseSettings } from "./database.ts"
import type { ListenSettings } from "./http-server.ts"

const Connections = Schema.NumberFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 500 }))

/** `HOST` for every service alike, and the port under the service's own name, so that one environment can hold all. */
export const listenSettings = (portVariable: string, port: number): Config.Config<ListenSettings> =>
  Config.all({
    host: Config.String("HOST").pipe(Config.withDefault("127.0.0.1")),
    port: Config.Port(portVariable).pipe(Config.withDefault(port))
  })

/** `DATABASE_URL` and the size of the pool; the role is the schema's, not a setting. */
export const databaseSettings = (service: string, role: string): Config.Config<DatabaseSettings> =>
  Config.all({
    url: Config.Redacted("DATABASE_URL"),
    max_connections: Config.schema(Connections, "DATABASE_MAX_CONNECTIONS").pipe(Config.withDefault(10))
  }).pipe(Config.map((settings) => ({ ...settings, role, application_name: `surety-${service}` })))

/** A base URL such as `http://127.0.0.1:3001`, without the slash at its end. */
export const urlSetting = (variable: string, fallback: string): Config.Config<string> =>
  Config.URL(variable).pipe(
    Config.map((url) => url.toString().replace(/\/$/, "")),
    Config.withDefault(fallback)
  )
