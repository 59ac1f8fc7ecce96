import type { LogLine } from "@surety/provider-simulator/control"
import { simulatorControl } from "@surety/provider-simulator/control-client"
import { Effect } from "effect"

/** Everything the provider ever did, read in pages of its log. */
export const providerLog = Effect.fnUntraced(function*(simulator: string) {
  const control = simulatorControl(simulator)
  const log: Array<LogLine> = []
  while (true) {
    const page = yield* control.log(log.length)
    if (page.length === 0) return log as ReadonlyArray<LogLine>
    log.push(...page)
  }
})
