import { PgClient } from "@effect/sql-pg"
import { freshDatabase } from "@surety/platform/postgres/fresh-database"
import { Effect, Redacted } from "effect"
import { inject } from "vitest"

const testServer = () => {
  const { concurrent, source, url } = inject("postgres")
  return { source: source as "debian", description: source, url: Redacted.make(url), concurrent }
}

/** A migrated database of one's own, dropped with the scope. */
export const testDatabase = Effect.suspend(() =>
  freshDatabase({ server: testServer(), template: inject("postgres").template })
)

/** The same without a single table. */
export const emptyDatabase = Effect.suspend(() => freshDatabase({ server: testServer() }))

/** An administrator's connection, for what only tests and the judge may see: all schemas at once. */
export const administrator = (url: Redacted.Redacted) =>
  PgClient.layer({ url, maxConnections: 4, applicationName: "surety-test" })

/** Whether transactions really run at once here; where they do not, tests about locks would prove nothing. */
export const isConcurrent = (): boolean => inject("postgres").concurrent
