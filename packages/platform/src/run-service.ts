import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Cause, Config, Effect, Exit, Layer, Logger, type LogLevel, References, type Schema, SchemaIssue } from "effect"
import { HttpServerError } from "effect/http"
import { jsonLogger } from "./telemetry/json-logs.ts"
import { telemetrySettings } from "./telemetry/telemetry-settings.ts"
import { telemetry } from "./telemetry/telemetry.ts"

const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()

/** `ORDERS_PORT is not right: Expected …`; never the value, which may be a password. */
const explainSettings = (error: Schema.SchemaError): string =>
  formatIssues(error.issue).issues.map(({ message, path = [] }) => {
    const variable = path.map((segment) => String(typeof segment === "object" ? segment.key : segment)).join("_")
    return (process.env[variable] ?? "") === "" ? `${variable} is not set` : `${variable} is not right: ${message}`
  }).join("; ")

/** The port that an error, or what caused it, found taken. */
const takenPort = (error: unknown): number | undefined =>
  !(error instanceof Error)
    ? undefined
    : "code" in error && error.code === "EADDRINUSE" && "port" in error
    ? Number(error.port)
    : takenPort(error.cause)

/** Why a program could not start or go on: in one line where the reason is a common one, else with all there is to know. */
export const explain = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  if (error instanceof Config.ConfigError && error.cause._tag === "SchemaError") return explainSettings(error.cause)
  const port = takenPort(error)
  if (port !== undefined) {
    return `cannot listen: port ${port} is taken; another can be chosen by its variable, as SOMETHING_PORT`
  }
  if (error instanceof HttpServerError.ServeError && error.cause instanceof Error) {
    return `cannot listen: ${error.cause.message}`
  }
  const isExpected = error instanceof Error && "_tag" in error && error.message !== ""
  return isExpected ? error.message : Cause.pretty(cause)
}

/** A setting that is needed before a service begins, so that nobody else says what is wrong with it. */
const orSay = <A>(setting: Config.Config<A>) =>
  Effect.tapCause(setting, (cause) => Effect.logFatal("service.failed", { reason: explain(cause) }))

/** Where logs go, and from `LOG_LEVEL` which of them. */
const logsTo = (logger: Logger.Logger<unknown, void>, usual: LogLevel.LogLevel) =>
  Layer.effect(References.MinimumLogLevel, orSay(Config.LogLevel("LOG_LEVEL").pipe(Config.withDefault(usual)))).pipe(
    Layer.provideMerge(Logger.layer([logger]))
  )

/** Structured logs for machines, one JSON object a line, from Info on. */
export const jsonLogs = logsTo(jsonLogger, "Info")

/** Logs for people who watch a terminal: from Warn on, so that what is said besides them stands out. */
export const prettyLogs = logsTo(Logger.consolePretty(), "Warn")

/** Runs a program as a process: exit 0 when it was asked to stop, 1 when it failed, with one clear line of why. */
export const runProgram = <E>(program: Effect.Effect<unknown, E>): void =>
  NodeRuntime.runMain(program, {
    disableErrorReporting: true,
    teardown: (exit, onExit) => onExit(Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause) ? 1 : 0)
  })

/** Said once everything beneath is there, and before anything of it goes. */
export const announced = Layer.effectDiscard(
  Effect.andThen(Effect.logInfo("service.started"), Effect.addFinalizer(() => Effect.logInfo("service.stopping")))
)

/**
 * Runs one service as a process: reads its settings (a bad value ends the start with one clear line and exit 1),
 * launches it, and on SIGTERM or SIGINT drains and exits 0. Telemetry is around all of it and goes last.
 */
export const runService = <Settings, A, E>(
  name: string,
  settings: Config.Config<Settings>,
  service: (settings: Settings) => Layer.Layer<A, E>
): void =>
  runProgram(
    Effect.flatMap(settings, (read) => Layer.launch(Layer.provideMerge(announced, service(read)))).pipe(
      Effect.onExit((exit) =>
        Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)
          ? Effect.logFatal("service.failed", { reason: explain(exit.cause) })
          : Effect.logInfo("service.stopped")
      ),
      Effect.annotateLogs({ service: name }),
      Effect.provide(
        Layer.unwrap(Effect.map(orSay(telemetrySettings), (read) => telemetry(name, read))).pipe(
          Layer.provideMerge(jsonLogs)
        )
      )
    )
  )
