import { parsedArguments, wholeArgument, WrongArguments } from "@surety/testkit/command-line"
import { type GrowthName, growthNames, type WorkloadName, workloadNames } from "./names.ts"

/** What one call of the benchmark was asked for. */
export interface Wish {
  readonly workloads: ReadonlyArray<WorkloadName>
  readonly growth: ReadonlyArray<GrowthName>
  /** How long each load lasts. */
  readonly seconds: number
  /** Orders a second of the open loop; without one, half of what full load completed. */
  readonly rate: number | undefined
  /** Requests under way at once at full load. */
  readonly in_flight: number
  readonly limit: boolean
  readonly compare: boolean
  /** Also tell which statements took the database's time. */
  readonly statements: boolean
  /** How long `growth held-transaction` holds its transaction. */
  readonly hold_seconds: number
  readonly json: string | undefined
}

export const usage = `npm run bench -- [WORKLOAD…] [growth [NAME…]] [--limit] [--compare]
  WORKLOAD       ${workloadNames.join(", ")}; all without one
  growth NAME    ${growthNames.join(", ")}; all without one
  --limit        the same rows by hand-tuned SQL in sets, without HTTP; alone or beside workloads
  --compare      graphile-worker, pg-boss and DBOS with the same steps
  --seconds N    of each load (15)
  --rate N       orders/s of the open loop, instead of half of what full load completed
  --in-flight N  requests under way at once at full load (128)
  --statements   which statements took the database's time
  --hold N       seconds that growth held-transaction holds its transaction (600)
  --json FILE    the same figures for a machine`

const isOneOf = <Name extends string>(names: ReadonlyArray<Name>, word: string): word is Name =>
  (names as ReadonlyArray<string>).includes(word)

/** The given words if they are all known, else all names there are where no word was given. */
const chosen = <Name extends string>(what: string, names: ReadonlyArray<Name>, words: ReadonlyArray<string>) => {
  const unknown = words.find((word) => !isOneOf(names, word))
  if (unknown !== undefined) throw new WrongArguments(`there is no ${what} "${unknown}": ${names.join(", ")}`)
  return words.length === 0 ? names : names.filter((name) => words.includes(name))
}

const options = {
  seconds: { type: "string" },
  rate: { type: "string" },
  "in-flight": { type: "string" },
  hold: { type: "string" },
  json: { type: "string" },
  limit: { type: "boolean", default: false },
  compare: { type: "boolean", default: false },
  statements: { type: "boolean", default: false }
} as const

/** What the words of the command line ask for. Throws {@link WrongArguments}. */
export const parseArguments = (argv: ReadonlyArray<string>): Wish => {
  const { positionals, values } = parsedArguments({ args: [...argv], options, allowPositionals: true })
  const at = positionals.indexOf("growth")
  const workloads = at === -1 ? positionals : positionals.slice(0, at)
  const onlyOther = workloads.length === 0 && (at !== -1 || values.limit || values.compare)
  return {
    workloads: onlyOther ? [] : chosen("workload", workloadNames, workloads),
    growth: at === -1 ? [] : chosen("growth", growthNames, positionals.slice(at + 1)),
    seconds: wholeArgument("seconds", values.seconds, 15),
    rate: wholeArgument("rate", values.rate, undefined),
    in_flight: wholeArgument("in-flight", values["in-flight"], 128),
    limit: values.limit,
    compare: values.compare,
    statements: values.statements,
    hold_seconds: wholeArgument("hold", values.hold, 600),
    json: values.json
  }
}
