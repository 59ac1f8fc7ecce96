import { Effect } from "effect"
import { copyOfTree } from "./copy-of-tree.ts"
import type { Mutant } from "./read-mutants.ts"
import { runCatcher, runTests, type Surroundings } from "./run-catcher.ts"
import type { Verdict } from "./vitest-verdict.ts"

/** Of what should catch mutants, by `caught_by`: why it does not even pass without one. */
export type Failing = ReadonlyMap<string, string>

/** Every test of one file that some of these name, run together, and a verdict for each mutant. */
const verdictsOfFile = Effect.fnUntraced(
  function*(file: string, together: ReadonlyArray<Mutant>, surroundings: Surroundings) {
    const titles = together.map(({ catcher }) => catcher._tag === "Test" ? catcher.titles : [])
    const needed = [...new Set(titles.flat())]
    // Once more where it fails: what fails by chance on a busy machine says nothing of the tree.
    const run = runTests(file, needed, surroundings)
    const first = yield* run
    const verdicts = first.every(({ _tag }) => _tag === "Passed") ? first : yield* run
    return titles.map((wanted) => verdicts[needed.indexOf(wanted.at(-1)!)]!)
  }
)

const whyNot = (verdict: Verdict): string | undefined =>
  verdict._tag === "Passed" ? undefined : verdict._tag === "Failed" ? verdict.how : verdict.why

/**
 * Runs what should catch these mutants on the tree as it is, once each: where that fails already, a failure with a mutant says
 * nothing. `tell` hears of each file or command as soon as it is through.
 */
export const failingUnmutated = Effect.fnUntraced(
  function*(
    mutants: ReadonlyArray<Mutant>,
    jobs: number,
    environment: Surroundings["environment"],
    tell: (what: string, seconds: number) => void
  ) {
    const surroundings: Surroundings = { folder: yield* copyOfTree, environment }
    const failing = new Map<string, string>()
    const distinct = [...new Map(mutants.map((mutant) => [mutant.caught_by, mutant])).values()]
    const groups = Map.groupBy(distinct, ({ catcher, caught_by }) => catcher._tag === "Test" ? catcher.file : caught_by)
    yield* Effect.forEach(groups, ([what, together]) =>
      Effect.gen(function*() {
        const begun = performance.now()
        const { catcher } = together[0]!
        const verdicts = catcher._tag === "Test"
          ? yield* verdictsOfFile(what, together, surroundings)
          : [yield* runCatcher(catcher, surroundings)]
        for (const [i, { caught_by }] of together.entries()) {
          const why = whyNot(verdicts[i]!)
          if (why !== undefined) failing.set(caught_by, why)
        }
        tell(what, (performance.now() - begun) / 1000)
      }), { concurrency: jobs, discard: true })
    return failing as Failing
  },
  Effect.scoped
)
