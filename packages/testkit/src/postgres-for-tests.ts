import { migrate } from "@surety/platform/migrate"
import { ensureTemplate } from "@surety/platform/postgres/fresh-database"
import { resolvePostgres } from "@surety/platform/postgres/postgres-server"
import { Effect, Exit, Redacted, Scope } from "effect"
import { createHash } from "node:crypto"
import { globSync, readFileSync } from "node:fs"
import type { TestProject } from "vitest/node"

declare module "vitest" {
  export interface ProvidedContext {
    readonly postgres: {
      readonly source: string
      readonly url: string
      readonly concurrent: boolean
      readonly template: string
    }
  }
}

/** A template of other migrations has another name, so that a server that outlives a run never serves an old one. */
const templateName = () => {
  const hash = createHash("sha256")
  for (const file of globSync("migrations/**/*.sql").toSorted()) hash.update(readFileSync(file))
  return `surety_test_${hash.digest("hex").slice(0, 12)}`
}

/** vitest's global set-up: one real PostgreSQL with PostGIS for the run, and a migrated template for its databases. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const scope = await Effect.runPromise(Scope.make())
  const databaseUrl = process.env["DATABASE_URL"]
  const template = templateName()
  const server = await Effect.runPromise(
    resolvePostgres({
      mode: "ephemeral",
      databaseUrl: databaseUrl === undefined ? undefined : Redacted.make(databaseUrl),
      concurrent: process.env["CI"] !== undefined,
      say: (line) => Effect.sync(() => void process.stderr.write(`[postgres] ${line}\n`))
    }).pipe(
      Effect.tap((found) => ensureTemplate({ server: found, name: template, prepare: migrate })),
      Effect.provideService(Scope.Scope, scope)
    )
  )
  const { concurrent, source, url } = server
  project.provide("postgres", { source, url: Redacted.value(url), concurrent, template })
  return () => Effect.runPromise(Scope.close(scope, Exit.void))
}
