import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Config, Effect, Logger } from "effect"
import { migrate } from "./migrate.ts"

Config.Redacted("DATABASE_URL").pipe(
  Effect.flatMap(migrate),
  Effect.provide(Logger.layer([Logger.consoleJson])),
  NodeRuntime.runMain
)
