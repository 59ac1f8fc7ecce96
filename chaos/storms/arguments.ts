import { parsedArguments, wholeArgument, WrongArguments } from "@surety/testkit/command-line"
import { storms } from "./all-storms.ts"
import type { Scale, Storm } from "./storm.ts"

/** What one call of the command was asked for. */
export interface Request {
  readonly storms: ReadonlyArray<Storm>
  readonly list: boolean
  readonly scale: Scale
  readonly seed: number
  readonly seconds: number | undefined
  readonly json: string | undefined
}

export const usage = `npm run storm -- NAME… | all | --list
  --short      the short form, as the tests have it
  --seed N     decides what is left to chance (1)
  --seconds N  how long it lasts, for those that last
  --json FILE  the same figures for a machine`

export const listed = (): string => {
  const width = Math.max(...storms.map(({ name }) => name.length))
  return storms.map(({ name, says }) => `${name.padEnd(width)}  ${says}`).join("\n")
}

const options = {
  list: { type: "boolean", default: false },
  short: { type: "boolean", default: false },
  seed: { type: "string" },
  seconds: { type: "string" },
  json: { type: "string" }
} as const

const stormsNamed = (names: ReadonlyArray<string>): ReadonlyArray<Storm> => {
  if (names.length === 1 && names[0] === "all") return storms
  return names.map((name) => {
    const found = storms.find((storm) => storm.name === name)
    if (found === undefined) throw new WrongArguments(`there is no storm "${name}":\n${listed()}`)
    return found
  })
}

/** What the words of the command line ask for. Throws {@link WrongArguments}. */
export const parseArguments = (argv: ReadonlyArray<string>): Request => {
  const { positionals, values } = parsedArguments({ args: [...argv], options, allowPositionals: true })
  const chosen = stormsNamed(positionals)
  if (chosen.length === 0 && !values.list) throw new WrongArguments("which storm?")
  return {
    storms: chosen,
    list: values.list,
    scale: values.short ? "short" : "full",
    seed: wholeArgument("seed", values.seed, 1),
    seconds: wholeArgument("seconds", values.seconds, undefined),
    json: values.json
  }
}
