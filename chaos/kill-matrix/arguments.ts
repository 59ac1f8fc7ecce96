import { parseArgs } from "node:util"
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

/** A call that asks for something there is not; its message is for whoever called. */
export class WrongArguments extends Error {}

const CLUSTERS = 3

const wholeOf = (name: string, given: string | undefined, fallback: number): number => {
  const number = given === undefined ? fallback : Number(given)
  if (!Number.isInteger(number) || number < 1) throw new WrongArguments(`--${name} takes a whole number from 1 on`)
  return number
}

const parsed = (argv: ReadonlyArray<string>) => {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        times: { type: "string" },
        only: { type: "string", default: "" },
        clusters: { type: "string" },
        list: { type: "boolean", default: false }
      }
    })
  } catch (error) {
    throw new WrongArguments(error instanceof Error ? error.message : String(error))
  }
}

/** What the words of the command line ask for. Throws {@link WrongArguments}. */
export const parseArguments = (argv: ReadonlyArray<string>, all: ReadonlyArray<Point>): Wish => {
  const { values } = parsed(argv)
  const points = all.filter((point) => nameOf(point).includes(values.only))
  if (points.length === 0) throw new WrongArguments(`no point has "${values.only}" in its name; see --list`)
  return {
    points,
    times: wholeOf("times", values.times, 1),
    clusters: Math.min(wholeOf("clusters", values.clusters, CLUSTERS), points.length),
    list: values.list
  }
}
