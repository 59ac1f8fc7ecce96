import { jsonLogs, runProgram } from "@surety/platform/run-service"
import { Cause, Effect, Layer } from "effect"
import { providerSimulator } from "./service.ts"
import { simulatorSettings } from "./settings.ts"

const simulator = Layer.unwrap(Effect.map(simulatorSettings, providerSimulator))

runProgram(
  Layer.launch(simulator).pipe(
    Effect.tapCause((cause) =>
      Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.logFatal("service.failed", Cause.pretty(cause))
    ),
    Effect.annotateLogs({ service: "provider-simulator" }),
    Effect.provide(jsonLogs)
  )
)
