import { Effect, Layer, Logger, LogLevel, References } from "effect"

/**
 * Who watches a terminal wants to see what goes wrong; a collector is to know what happened. So everything from Info on is
 * said, and the loggers that were there before hear what they heard before.
 */
export const tellingMore = Layer.unwrap(
  Effect.gen(function*() {
    const level = yield* References.MinimumLogLevel
    if (LogLevel.isLessThanOrEqualTo(level, "Info")) return Layer.empty
    const loggers = [...yield* Logger.CurrentLoggers].map((logger) =>
      Logger.make((options) => {
        if (LogLevel.isGreaterThanOrEqualTo(options.logLevel, level)) logger.log(options)
      })
    )
    return Layer.merge(Logger.layer(loggers), Layer.succeed(References.MinimumLogLevel, "Info"))
  })
)
