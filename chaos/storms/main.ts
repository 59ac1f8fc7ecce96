// Storms by command: what breaks everything at once, and whether the books still balance. `npm run storm -- --list`.
import { runProgram } from "@surety/platform/run-service"
import { runCommand } from "@surety/testkit/command-line"
import { Cause, Effect, Logger, References } from "effect"
import { writeFileSync } from "node:fs"
import { listed, parseArguments, type Request, usage } from "./arguments.ts"
import { stormText } from "./show-storm.ts"
import type { Weathered } from "./storm.ts"
import { weatherAlone } from "./weather.ts"

/** Makes the command fail: something that must hold does not. */
class Broken extends Error {}

const weatherAll = (request: Request) =>
  Effect.gen(function*() {
    const all: Array<Weathered | { readonly storm: string; readonly skipped: string }> = []
    for (const storm of request.storms) {
      const came = yield* weatherAlone(storm, request)
      console.log("skipped" in came ? `\n${storm.name}: skipped, ${came.skipped}` : stormText(came))
      all.push("skipped" in came ? { storm: storm.name, ...came } : came)
    }
    if (request.json !== undefined) writeFileSync(request.json, `${JSON.stringify(all, null, 2)}\n`)
    const broken = all.filter((came) => "holds" in came && !came.holds)
    if (broken.length > 0) {
      return yield* Effect.die(new Broken(`broken: ${broken.map(({ storm }) => storm).join(", ")}`))
    }
  })

const explained = (cause: Cause.Cause<unknown>) => {
  const error = Cause.squash(cause)
  console.error(error instanceof Broken ? `\n${error.message}` : Cause.pretty(cause))
}

const program = (request: Request) =>
  weatherAll(request).pipe(
    Effect.tapCause((cause) => Effect.sync(() => explained(cause))),
    Effect.provideService(References.MinimumLogLevel, "Warn"),
    Effect.provide(Logger.layer([Logger.consolePretty()]))
  )

await runCommand(usage, () => {
  const request = parseArguments(process.argv.slice(2))
  if (request.list) console.log(listed())
  else runProgram(program(request))
})
