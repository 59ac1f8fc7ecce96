import { defineConfig, mergeConfig } from "vitest/config"
import suite, { underFire } from "./vitest.config.ts"

/** One after the other, with both cores to itself. */
export default mergeConfig(
  { ...suite, test: { ...suite.test, include: [], exclude: [] } },
  defineConfig({ test: { include: underFire, maxWorkers: 1 } })
)
