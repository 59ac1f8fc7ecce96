import { Config, Effect } from "effect"
import { migrate } from "./migrate.ts"
import { explain, jsonLogs, runProgram } from "./run-service.ts"

runProgram(
  Config.Redacted("DATABASE_URL").pipe(
    Effect.flatMap((url) => migrate(url)),
    Effect.tapCause((cause) => Effect.logFatal("migrate.failed", { reason: explain(cause) })),
    Effect.annotateLogs({ service: "migrate" }),
    Effect.provide(jsonLogs)
  )
)
