import { parsedArguments, wholeArgument, WrongArguments } from "@surety/testkit/command-line"
import { nameOf, type Point } from "./points.ts"

export interface Wish {
  readonly points: ReadonlyArray<Point>
  readonly times: number
  readonly clusters: number
  readonly list: boolean
}

export const usage = `npm run kill-matrix -- [--times N] [--only TEXT] [--clusters N] [--list]
  --times N     each point so often (1)
  --only TEXT   only points with this text in their name
  --clusters N  so many clusters side by side (3)
  --list        name the points and do nothing`

const CLUSTERS = 3

const options = {
  times: { type: "string" },
  only: { type: "string", default: "" },
  clusters: { type: "string" },
  list: { type: "boolean", default: false }
} as const

/** What the words of the command line ask for. Throws {@link WrongArguments}. */
export const parseArguments = (argv: ReadonlyArray<string>, all: ReadonlyArray<Point>): Wish => {
  const { values } = parsedArguments({ args: [...argv], options })
  const points = all.filter((point) => nameOf(point).includes(values.only))
  if (points.length === 0) throw new WrongArguments(`no point has "${values.only}" in its name; see --list`)
  return {
    points,
    times: wholeArgument("times", values.times, 1),
    clusters: Math.min(wholeArgument("clusters", values.clusters, CLUSTERS), points.length),
    list: values.list
  }
}
