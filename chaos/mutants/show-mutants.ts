import type { Mutant } from "./read-mutants.ts"
import type { Tried } from "./try-mutants.ts"
import type { Verdict } from "./vitest-verdict.ts"

const words = { Failed: "caught", Passed: "SURVIVED", Spoilt: "SPOILT" } as const satisfies Record<
  Verdict["_tag"],
  string
>

/** Why a mutant was not caught, or how it was. */
const toldOf = (verdict: Verdict): string =>
  verdict._tag === "Failed" ? verdict.how : verdict._tag === "Spoilt" ? verdict.why : "its test passes"

/** Of what was run on the tree as it is; whether it passed is told with the mutants that it should catch. */
export const unmutatedLineOf = (what: string, seconds: number): string =>
  `${"as it is".padEnd(8)} ${seconds.toFixed(1).padStart(6)} s  ${what}`

/** A line as soon as it is known. */
export const lineOf = ({ mutant, seconds, verdict }: Tried): string =>
  `${words[verdict._tag].padEnd(8)} ${seconds.toFixed(1).padStart(6)} s  ${mutant.name}` +
  (verdict._tag === "Failed" ? "" : `: ${toldOf(verdict)}`)

const TITLE_MAX_LENGTH = 90
const short = (text: string) => text.length > TITLE_MAX_LENGTH ? `${text.slice(0, TITLE_MAX_LENGTH - 1)}…` : text

/** All columns to the left, as sentences are read. */
const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)))
  const line = (cells: ReadonlyArray<string>) => cells.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd()
  return [line(head), widths.map((width) => "─".repeat(width)).join("  "), ...rows.map(line)].join("\n")
}

/** What each mutant breaks and what catches it. */
export const listOf = (mutants: ReadonlyArray<Mutant>): string =>
  table(
    ["mutant", "what it breaks", "caught by"],
    mutants.map(({ breaks, caught_by, name }) => [name, short(breaks), caught_by])
  )

/** What came of each, and of all together. */
export const tableOf = (all: ReadonlyArray<Tried>, seconds: number): string => {
  const rows = all.map((tried) => [
    tried.mutant.name,
    short(tried.mutant.breaks),
    tried.verdict._tag === "Failed" ? short(tried.mutant.caught_by) : words[tried.verdict._tag],
    tried.seconds.toFixed(1)
  ])
  const caught = all.filter(({ verdict }) => verdict._tag === "Failed").length
  return `${table(["mutant", "what it breaks", "caught by", "seconds"], rows)}\n\n` +
    `${caught} of ${all.length} mutants caught in ${seconds.toFixed(0)} s, the unmutated tests included`
}

/** The same for a machine. */
export const figuresOf = (all: ReadonlyArray<Tried>, seconds: number) => ({
  seconds: Number(seconds.toFixed(1)),
  mutants: all.map(({ mutant: { breaks, caught_by, files, name }, seconds, verdict }) => ({
    name,
    breaks,
    caught_by,
    files,
    verdict: words[verdict._tag].toLowerCase(),
    told: toldOf(verdict),
    seconds: Number(seconds.toFixed(1))
  }))
})
