import { defineConfig } from "vitest/config"

/** They take both cores for minutes, and what is tested meanwhile would miss its times: so last, and one after the other. */
const underFire = ["tests/the-kill-matrix.test.ts", "tests/storms.test.ts"]

export default defineConfig({
  test: {
    globalSetup: ["packages/testkit/src/postgres-for-tests.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: "suite",
          include: ["packages/*/test/**/*.test.ts", "services/*/test/**/*.test.ts", "tests/**/*.test.ts"],
          exclude: underFire,
          maxWorkers: 2,
          sequence: { groupOrder: 0 }
        }
      },
      { extends: true, test: { name: "fire", include: underFire, maxWorkers: 1, sequence: { groupOrder: 1 } } }
    ]
  }
})
