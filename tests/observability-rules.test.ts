import { runCommand } from "@surety/platform/postgres/run-command"
import { Effect, Result } from "effect"
import { execFile } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import type { Alert } from "../observability/alert.ts"
import { alerts } from "../observability/alerts.ts"
import { findPromtool } from "../observability/promtool.ts"
import { mutantsOf } from "../observability/rule-tests/mutants.ts"
import { testFile } from "../observability/rule-tests/scenario.ts"
import { suites } from "../observability/rule-tests/suites.ts"
import { recordingsFor, ruleFile } from "../observability/rules-file.ts"

const LIMIT_MS = 60_000

const promtool = await Effect.runPromise(Effect.result(findPromtool))
if (Result.isFailure(promtool)) {
  process.stderr.write(`[promtool] the alert rules are NOT tested: ${promtool.failure.reason}\n`)
}
const withoutPromtool = Result.isFailure(promtool)

const folder = mkdtempSync(join(tmpdir(), "surety-rules-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const suiteOf = (name: string) => suites.find(({ scenarios }) => scenarios.some(({ alert }) => alert === name))!

/** Plays an alert its scenarios, and the same scenarios to its mutants beside it; answers whose did not come out as written. */
const failing = async (alert: Alert, beside: ReadonlyArray<Alert>): Promise<ReadonlySet<string>> => {
  const { interval, scenarios } = suiteOf(alert.name)
  const all = [alert, ...beside]
  const path = join(folder, alert.name)
  // Written as JSON, which is YAML too.
  writeFileSync(`${path}-rules.yaml`, JSON.stringify(ruleFile(all, recordingsFor(alert.expr))))
  const test = testFile({
    interval,
    scenarios: scenarios.filter((scenario) => scenario.alert === alert.name),
    rules: `${path}-rules.yaml`,
    alertsOf: () => all.map(({ name }) => name)
  })
  writeFileSync(`${path}-test.yaml`, JSON.stringify(test))
  const output = await new Promise<string>((resolve) => {
    execFile(
      Result.getOrThrow(promtool),
      ["test", "rules", `${path}-test.yaml`],
      { timeout: LIMIT_MS },
      (_, out, err) => {
        resolve(out + err)
      }
    )
  })
  expect(output).toMatch(/SUCCESS|FAILED/)
  const names = [...output.matchAll(/alertname=\\*"(\w+)\\*"/g)].map(([, name]) => name!)
  expect(names.length > 0, output).toBe(output.includes("FAILED"))
  return new Set(names)
}

describe.skipIf(withoutPromtool)("alert rules", () => {
  it("are what promtool accepts", async () => {
    const rules = join(import.meta.dirname, "../observability/prometheus/rules/surety.yaml")
    const run = runCommand(Result.getOrThrow(promtool), ["check", "rules", rules], { timeout: LIMIT_MS })
    expect(await Effect.runPromise(run)).toContain("SUCCESS")
  })

  it.each(alerts.map((alert) => [alert.name, alert] as const))(
    "%s fires when it should and not before, and with any of its numbers changed does not",
    async (_, alert) => {
      const mutants = mutantsOf(alert, suiteOf(alert.name).seconds)
      const failed = await failing(alert, mutants.map((mutant) => mutant.alert))
      expect(failed).not.toContain(alert.name)
      expect(mutants.flatMap((mutant) => failed.has(mutant.alert.name) ? [] : [mutant.what])).toEqual([])
    }
  )
})

it("tests every alert, and tests no alert that is not there", () => {
  const tested = suites.flatMap(({ scenarios }) => scenarios.map(({ alert }) => alert))
  expect(new Set(tested)).toEqual(new Set(alerts.map(({ name }) => name)))
  for (const alert of alerts) expect(mutantsOf(alert, 15).length).toBeGreaterThanOrEqual(4)
})
