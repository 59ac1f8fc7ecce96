import { defineConfig } from "vitest/config"

/** They take both cores for minutes, and what else is tested meanwhile would miss its times: `npm run fire`. */
export const underFire = ["tests/the-kill-matrix.test.ts", "tests/storms.test.ts"]

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "services/*/test/**/*.test.ts", "tests/**/*.test.ts"],
    exclude: underFire,
    globalSetup: ["packages/testkit/src/postgres-for-tests.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2
  }
})
