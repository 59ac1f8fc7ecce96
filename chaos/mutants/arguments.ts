import { parsedArguments, wholeArgument, WrongArguments } from "@surety/testkit/command-line"

/** What one call was asked for. */
export interface Wish {
  /** Names of mutants; all without one. */
  readonly names: ReadonlyArray<string>
  /** Only say which there are. */
  readonly list: boolean
  /** Only say whether each still applies and names a test that there is. */
  readonly check: boolean
  /** How many are tried at the same time. */
  readonly jobs: number
  readonly json: string | undefined
}

export const usage = `npm run mutants -- [NAME…]
  NAME         of a mutant; all without one
  --list       what each breaks and what catches it, and nothing is run
  --check      whether each patch still applies and names a test that there is, and nothing is run
  --jobs N     so many at the same time (1): a stack of services and a test runner each
  --json FILE  the same for a machine, with how each failed`

const options = {
  list: { type: "boolean", default: false },
  check: { type: "boolean", default: false },
  jobs: { type: "string" },
  json: { type: "string" }
} as const

/** What the words of the command line ask for, of mutants with these names. Throws {@link WrongArguments}. */
export const parseArguments = (argv: ReadonlyArray<string>, known: ReadonlyArray<string>): Wish => {
  const { positionals, values } = parsedArguments({ args: [...argv], options, allowPositionals: true })
  const unknown = positionals.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new WrongArguments(`there is no mutant "${unknown}"; --list names them`)
  const jobs = wholeArgument("jobs", values.jobs, 1)
  return { names: positionals, list: values.list, check: values.check, jobs, json: values.json }
}
