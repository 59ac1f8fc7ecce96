import { Effect, Schema } from "effect"

/** Where a PostgreSQL with PostGIS can come from, in the order in which they are tried. */
export const Source = Schema.Literals(["url", "local", "debian", "docker", "pglite"])
export type Source = typeof Source.Type

/** One source cannot serve, and why: one line for a person. */
export class SourceUnavailable extends Schema.TaggedError<SourceUnavailable>()("SourceUnavailable", {
  reason: Schema.String
}) {
  override get message() {
    return this.reason
  }
}

/** No source could serve. The message lists each one with its reason, and what would help. */
export class NoDatabase extends Schema.TaggedError<NoDatabase>()("NoDatabase", {
  tried: Schema.Array(
    Schema.Struct({ source: Schema.Literals([...Source.literals, "data folder"]), reason: Schema.String })
  )
}) {
  override get message() {
    return [
      "No PostgreSQL with PostGIS could be found or started. Tried:",
      ...this.tried.map(({ source, reason }) => `  - ${source.padEnd(6)} ${reason}`),
      "Any one of these helps:",
      "  - DATABASE_URL=postgres://user:password@host:5432/database, a server that has PostGIS",
      "  - Debian, Ubuntu: sudo apt-get install -y postgresql-postgis    macOS: brew install postgresql postgis",
      "  - a running Docker",
      "  - npm install with its optional packages (PGlite)"
    ].join("\n")
  }
}

/** Runs something that throws, such as file system work, as one that says which thing was not possible. */
export const orUnavailable = <A>(what: string, run: () => A): Effect.Effect<A, SourceUnavailable> =>
  Effect.try({
    try: run,
    catch: (cause) =>
      new SourceUnavailable({ reason: `${what}: ${cause instanceof Error ? cause.message : String(cause)}` })
  })
