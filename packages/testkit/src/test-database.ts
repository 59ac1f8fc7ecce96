import { PgClient } from "@effect/sql-pg"
import { freshDatabase } from "@surety/platform/postgres/fresh-database"
import { Effect, Redacted } from "effect"
import { inject } from "vitest"

/** A migrated database of one's own, dropped with the scope. */
export const testDatabase = Effect.suspend(() => {
  const { concurrent, source, template, url } = inject("postgres")
  const server = { source: source as "debian", description: source, url: Redacted.make(url), concurrent }
  return freshDatabase({ server, template })
})

/** An administrator's connection, for what only tests and the judge may see: all schemas at once. */
export const administrator = (url: Redacted.Redacted) =>
  PgClient.layer({ url, maxConnections: 4, applicationName: "surety-test" })

/** Whether transactions really run at once here; where they do not, tests about locks would prove nothing. */
export const isConcurrent = (): boolean => inject("postgres").concurrent
