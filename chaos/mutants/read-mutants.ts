import { readdirSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { ROOT } from "./copy-of-tree.ts"

/** What has to notice: a test, or a command of package.json. */
export type Catcher =
  | {
    readonly _tag: "Test"
    readonly file: string
    /** The last one has to notice; those before it are run too, as they make what it needs. */
    readonly titles: ReadonlyArray<string>
  }
  | { readonly _tag: "Command"; readonly script: string; readonly words: ReadonlyArray<string> }

/** One mistake that somebody might make in the product, as a patch, and what notices it. */
export interface Mutant {
  readonly name: string
  /** One sentence: what no longer holds. */
  readonly breaks: string
  readonly caught_by: string
  readonly catcher: Catcher
  readonly patch: string
  /** The files it changes. */
  readonly files: ReadonlyArray<string>
}

const PATCHES = join(import.meta.dirname, "patches")
/** What the product is made of; a mutant of anything else would prove nothing. */
const PRODUCT = /^(services|packages|migrations)\//

const catcherOf = (caughtBy: string): Catcher | undefined => {
  const [, file, rest] = /^(\S+\.test\.ts)((?: -t ".+?")+)$/.exec(caughtBy) ?? []
  if (file !== undefined) {
    return { _tag: "Test", file, titles: [...rest!.matchAll(/ -t "(.+?)"(?= -t |$)/g)].map(([, title]) => title!) }
  }
  const [, script, words] = /^npm run (\S+) -- (.+)$/.exec(caughtBy) ?? []
  return script === undefined ? undefined : { _tag: "Command", script, words: words!.split(/\s+/) }
}

/**
 * A patch as it is written: a sentence, `caught by: …`, and then what `git apply` reads. Throws where it is none.
 *
 *     What no longer holds, in one sentence.
 *     caught by: tests/one-key-one-order.test.ts -t "the same key with another body is refused and changes nothing"
 */
const readMutant = (patch: string): Mutant => {
  const name = basename(patch, ".patch")
  const text = readFileSync(patch, "utf8")
  const [, breaks, caughtBy] = /^([\s\S]+?)\ncaught by: (.+)\n[\s\S]*?^--- a\//m.exec(text) ?? []
  if (breaks === undefined || caughtBy === undefined) throw new Error(`${name}: no sentence, "caught by:" and patch`)
  const catcher = catcherOf(caughtBy)
  if (catcher === undefined) throw new Error(`${name}: "${caughtBy}" is neither a test nor a command`)
  const files = [...text.matchAll(/^--- a\/(\S+)/gm)].map(([, file]) => file!)
  const stranger = files.find((file) => !PRODUCT.test(file) || /\/tests?\//.test(file))
  if (stranger !== undefined) throw new Error(`${name}: ${stranger} is not of the product`)
  return { name, breaks: breaks.trim().replaceAll(/\s+/g, " "), caught_by: caughtBy, catcher, patch, files }
}

/** All mutants there are, by name. */
export const readMutants = (): ReadonlyArray<Mutant> =>
  readdirSync(PATCHES).filter((file) => file.endsWith(".patch")).toSorted().map((file) =>
    readMutant(join(PATCHES, file))
  )

const literal = /"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g
const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")

/** A title as a pattern for the titles that it stands for: `%s` and `${…}` are filled in when the test runs. */
const titlePattern = (title: string) =>
  new RegExp(`^${title.split(/%[sdifjo]|\$\{[^}]*\}/).map((part) => escaped(part.replaceAll("\\", ""))).join(".+")}$`)

/** Why a mutant's catcher cannot be what it says; `undefined` where there is such a test or command. */
export const complaintAbout = ({ catcher }: Mutant, root: string = ROOT): string | undefined => {
  const read = (file: string) => {
    try {
      return readFileSync(join(root, file), "utf8")
    } catch {
      return undefined
    }
  }
  if (catcher._tag === "Command") {
    const { scripts } = JSON.parse(read("package.json") ?? "{}")
    const script: string = scripts?.[catcher.script] ?? ""
    return script.startsWith("node ") ? undefined : `there is no command ${catcher.script}`
  }
  const source = read(catcher.file)
  if (source === undefined) return `there is no ${catcher.file}`
  // One that fits everything, such as "%s", names nothing.
  const patterns = [...source.matchAll(literal)].flatMap(([, plain, template]) => {
    const title = plain ?? template!
    return /[a-z] [a-z]/i.test(title) ? titlePattern(title) : []
  })
  const unknown = catcher.titles.find((title) => !patterns.some((pattern) => pattern.test(title)))
  return unknown === undefined ? undefined : `no test of ${catcher.file} is called "${unknown}"`
}
