/** What became of what should notice a mutant. Only `Failed` is a catch: a test ran, and what it asserts did not hold. */
export type Verdict =
  | { readonly _tag: "Passed" }
  | { readonly _tag: "Failed"; readonly how: string }
  /** Nothing was learned: it did not load, did not run, or took too long. */
  | { readonly _tag: "Spoilt"; readonly why: string }

interface OneTest {
  readonly fullName: string
  readonly title: string
  readonly status: "passed" | "failed" | "skipped" | "pending" | "todo" | "disabled"
  readonly failureMessages?: ReadonlyArray<string>
}

/** As vitest's JSON reporter writes it. */
export interface VitestReport {
  readonly testResults: ReadonlyArray<{
    readonly status: string
    readonly message: string
    readonly assertionResults: ReadonlyArray<OneTest>
  }>
}

/**
 * Failures that are no assertion's: of code that says nothing rather than something wrong, which no test would be needed to
 * find, and of a test that only ran out of time.
 */
const isNonsense =
  /SyntaxError|ReferenceError|ERR_MODULE_NOT_FOUND|Cannot find (module|package)|syntax error at or near|Test timed out in/

const firstLines = (message: string) =>
  message.split("\n").filter((line) => line.trim() !== "" && !/^\s+at /.test(line)).slice(0, 2).join(" ").slice(0, 300)

/** The verdict of the tests with a title, in a report. */
export const verdictIn = ({ testResults }: VitestReport, title: string): Verdict => {
  const all = testResults.flatMap(({ assertionResults }) => assertionResults)
  const ran = all.filter((test) => (test.status === "passed" || test.status === "failed") && test.title === title)
  const failed = ran.filter(({ status }) => status === "failed")
  const messages = failed.flatMap(({ failureMessages = [] }) => failureMessages)
  const nonsense = messages.find((message) => isNonsense.test(message))
  if (nonsense !== undefined) return { _tag: "Spoilt", why: firstLines(nonsense) }
  if (failed.length > 0) return { _tag: "Failed", how: firstLines(messages[0] ?? "it failed and does not say why") }
  const trouble = testResults.find(({ message, status }) => status === "failed" && message !== "")
  if (trouble !== undefined) return { _tag: "Spoilt", why: firstLines(trouble.message) }
  return ran.length > 0 ? { _tag: "Passed" } : { _tag: "Spoilt", why: `no test ran that is called "${title}"` }
}
