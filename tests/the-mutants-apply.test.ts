import { WrongArguments } from "@surety/testkit/command-line"
import { Effect } from "effect"
import { describe, expect, inject, it } from "vitest"
import { parseArguments } from "../chaos/mutants/arguments.ts"
import { applyPatch, ROOT } from "../chaos/mutants/copy-of-tree.ts"
import { complaintAbout, type Mutant, readMutants } from "../chaos/mutants/read-mutants.ts"
import { tryMutant } from "../chaos/mutants/try-mutants.ts"
import { verdictIn } from "../chaos/mutants/vitest-verdict.ts"

const MUTANTS_MIN = 40
const TRY_LIMIT_MILLIS = 120_000

const mutants = readMutants()
const named = (name: string): Mutant => mutants.find((mutant) => mutant.name === name)!

/** The runs inside this one share its server, where it is one that can be shared. */
const environment = (): Record<string, string> => {
  const { concurrent, url } = inject("postgres")
  return concurrent ? { DATABASE_URL: url } : {}
}

describe("mutants", () => {
  it(`are ${MUTANTS_MIN} or more, each of one mistake, told in a sentence`, () => {
    expect(mutants.length).toBeGreaterThanOrEqual(MUTANTS_MIN)
    for (const { breaks, name } of mutants) expect(breaks, name).toMatch(/^[A-Z].{15,200}\.$/)
    expect(new Set(mutants.map(({ breaks }) => breaks)).size).toBe(mutants.length)
  })

  it.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
    "%s applies to the tree as it is, and names what should catch it",
    (_, mutant) => {
      expect(applyPatch(mutant.patch, ROOT, true)).toBeUndefined()
      expect(complaintAbout(mutant)).toBeUndefined()
    }
  )

  it.each(["a-compensation-error-is-ignored", "no-answer-is-a-yes", "one-failure-fails-all-that-came-at-once"])(
    "%s is caught",
    async (name) => {
      expect(await Effect.runPromise(tryMutant(named(name), environment()))).toMatchObject({ _tag: "Failed" })
    },
    TRY_LIMIT_MILLIS
  )

  it("that nothing notices, or that were never tried, are told apart from those that are caught", async () => {
    const mutant = named("no-answer-is-a-yes")
    const blind = "a call that fails, or dies, or answers nothing has told nothing"
    const before = named("a-compensation-error-is-ignored").catcher
    const survivor: Mutant = { ...mutant, catcher: before }
    expect(complaintAbout({ ...mutant, catcher: { _tag: "Test", file: "tests/nowhere.test.ts", titles: [blind] } }))
      .toMatch(/no tests\/nowhere/)
    expect(complaintAbout({ ...mutant, catcher: { _tag: "Command", script: "nonsense", words: [] } })).toMatch(
      /nonsense/
    )
    expect(await Effect.runPromise(tryMutant(survivor, environment()))).toEqual({ _tag: "Passed" })
  }, TRY_LIMIT_MILLIS)
})

describe("a test runner's report", () => {
  const report = (status: "passed" | "failed" | "skipped", failure = "", message = "") => ({
    testResults: [{
      status: message === "" ? status : "failed",
      message,
      assertionResults: [{ fullName: "mutants are seen", title: "are seen", status, failureMessages: [failure] }]
    }]
  })

  it.each(
    [
      ["a test that passes", report("passed"), "Passed"],
      ["an assertion that does not hold", report("failed", "AssertionError: expected 1 to equal 2"), "Failed"],
      ["a program that is none", report("failed", "SyntaxError: Unexpected token"), "Spoilt"],
      ["a statement that is none", report("failed", "PgError: syntax error at or near \"FRM\""), "Spoilt"],
      ["a test that ran out of time", report("failed", "Error: Test timed out in 60000ms."), "Spoilt"],
      [
        "a file that did not load",
        { testResults: [{ status: "failed", message: "no", assertionResults: [] }] },
        "Spoilt"
      ],
      ["a test that did not run", report("skipped"), "Spoilt"]
    ] as const
  )("of %s is read as it is", (_, read, verdict) => {
    expect(verdictIn(read, "are seen")._tag).toBe(verdict)
  })
})

describe("the command line", () => {
  it("takes the names of mutants there are, and says what is wrong with others", () => {
    expect(parseArguments(["a", "--jobs", "2"], ["a", "b"])).toMatchObject({ names: ["a"], jobs: 2, check: false })
    for (const wrong of [["c"], ["--jobs", "none"], ["--fast"]]) {
      expect(() => parseArguments(wrong, ["a", "b"])).toThrow(WrongArguments)
    }
  })
})
