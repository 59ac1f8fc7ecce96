import { digits, table } from "./table.ts"

/** One goal of growth, and whether it was reached. */
export interface GrowthResult {
  readonly name: string
  readonly head: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
  readonly goal: string
  readonly value: number
  readonly met: boolean
}

export const growthText = ({ goal, head, met, name, rows, value }: GrowthResult): string =>
  `\n${name}\n\n${table(head, rows)}\n\ngoal: ${goal}: ${digits(value)}, ${met ? "met" : "NOT met"}`
