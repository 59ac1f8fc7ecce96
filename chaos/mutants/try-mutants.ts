import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { stripTypeScriptTypes } from "node:module"
import { join } from "node:path"
import { applyPatch, copyOfTree } from "./copy-of-tree.ts"
import { complaintAbout, type Mutant } from "./read-mutants.ts"
import { runCatcher, type Surroundings } from "./run-catcher.ts"
import type { Failing } from "./unmutated.ts"
import type { Verdict } from "./vitest-verdict.ts"

/** What became of a mutant: whether what should catch it did, and how. */
export interface Tried {
  readonly mutant: Mutant
  readonly verdict: Verdict
  readonly seconds: number
}

type Environment = Surroundings["environment"]

/** Why a mutant could not run at all; no test would be needed to find such a mistake. */
const unreadable = ({ files }: Mutant, folder: string): string | undefined => {
  for (const file of files.filter((one) => one.endsWith(".ts"))) {
    try {
      stripTypeScriptTypes(readFileSync(join(folder, file), "utf8"))
    } catch (error) {
      return `${file} is no program any more: ${String(error).split("\n")[0]}`
    }
  }
  return undefined
}

/** A copy of the tree with the mutant in it, and what should catch it run there. */
export const tryMutant = Effect.fnUntraced(function*(mutant: Mutant, environment: Environment) {
  const folder = yield* copyOfTree
  const why = applyPatch(mutant.patch, folder) ?? unreadable(mutant, folder) ?? complaintAbout(mutant, folder)
  if (why !== undefined) return { _tag: "Spoilt", why } satisfies Verdict
  return yield* runCatcher(mutant.catcher, { folder, environment })
}, Effect.scoped)

/** Each of these; `tell` hears of it as soon as it is known. What fails without its mutant too is not tried. */
export const tryMutants = (
  mutants: ReadonlyArray<Mutant>,
  failing: Failing,
  jobs: number,
  environment: Environment,
  tell: (tried: Tried) => void
) =>
  Effect.forEach(mutants, (mutant) =>
    Effect.gen(function*() {
      const begun = performance.now()
      const unmutated = failing.get(mutant.caught_by)
      const verdict: Verdict = unmutated === undefined
        ? yield* tryMutant(mutant, environment)
        : { _tag: "Spoilt", why: `fails without the mutant: ${unmutated}` }
      const tried: Tried = { mutant, verdict, seconds: (performance.now() - begun) / 1000 }
      tell(tried)
      return tried
    }), { concurrency: jobs })
