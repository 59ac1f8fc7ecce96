import { explain, prettyLogs, runProgram } from "@surety/platform/run-service"
import { Cause, Effect } from "effect"
import { openStack } from "./open-stack.ts"

const say = (line: string) => Effect.sync(() => void process.stdout.write(`${line}\n`))
const environment = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) => value === undefined ? [] : [[name, value]])
)

// A second Ctrl-C does not wait: what was under way is found again at the next start.
process.once("SIGINT", () => process.once("SIGINT", () => process.exit(130)))

runProgram(
  openStack(environment, say).pipe(
    Effect.andThen(Effect.never),
    Effect.onInterrupt(() =>
      say("\nstopping, within 20 s: finishing what runs, handing leases back (Ctrl-C again stops at once) …")
    ),
    Effect.scoped,
    Effect.onInterrupt(() => say("stopped")),
    Effect.tapCauseIf((cause) => !Cause.hasInterruptsOnly(cause), (cause) => say(`\n${explain(cause)}`)),
    Effect.provide(prettyLogs)
  )
)
