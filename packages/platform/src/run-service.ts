import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Cause, Config, Effect, Exit, Layer, Logger } from "effect"

/** Structured logs, one JSON object a line, with the service's name on each. */
export const jsonLogs = Logger.layer([Logger.consoleJson])

/**
 * Runs one service as a process: reads its settings (a bad value ends the start with one clear line and exit 1),
 * launches it, and on SIGTERM or SIGINT drains and exits 0.
 */
export const runService = <Settings, A, E>(
  name: string,
  settings: Config.Config<Settings>,
  service: (settings: Settings) => Layer.Layer<A, E>
): void => {
  const program = Effect.gen(function*() {
    const read = yield* settings
    yield* Effect.logInfo("service.started")
    return yield* Layer.launch(service(read))
  }).pipe(
    Effect.tapCause((cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.logInfo("service.stopped")
        : Effect.logFatal("service.failed", Cause.pretty(cause))
    ),
    Effect.annotateLogs({ service: name }),
    Effect.provide(jsonLogs)
  )
  NodeRuntime.runMain(program, {
    disableErrorReporting: true,
    teardown: (exit, onExit) => onExit(Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause) ? 1 : 0)
  })
}
