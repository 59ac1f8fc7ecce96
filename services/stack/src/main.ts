import { explain, prettyLogs, runProgram } from "@surety/platform/run-service"
import { Cause, Effect } from "effect"
import { openStack } from "./open-stack.ts"

const say = (line: string) => Effect.sync(() => void process.stdout.write(`${line}\n`))
const environment = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) => value === undefined ? [] : [[name, value]])
)

runProgram(
  openStack(environment, say).pipe(
    Effect.andThen(Effect.never),
    Effect.onInterrupt(() => say("\nstopping: finishing what runs, handing leases back …")),
    Effect.scoped,
    Effect.onInterrupt(() => say("stopped")),
    Effect.tapCauseIf((cause) => !Cause.hasInterruptsOnly(cause), (cause) => say(`\n${explain(cause)}`)),
    Effect.provide(prettyLogs)
  )
)
