import { defineConfig } from "vitest/config"

/** They take both cores for minutes, and what else is tested meanwhile would miss its times: one after the other, at the end. */
const underFire = ["tests/the-simulation.test.ts", "tests/the-kill-matrix.test.ts", "tests/storms.test.ts"]

const shared = {
  globalSetup: ["packages/testkit/src/postgres-for-tests.ts"],
  testTimeout: 60_000,
  hookTimeout: 120_000
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: "promises",
          include: ["packages/*/test/**/*.test.ts", "services/*/test/**/*.test.ts", "tests/**/*.test.ts"],
          exclude: underFire,
          maxWorkers: 2,
          sequence: { groupOrder: 0 }
        }
      },
      { test: { ...shared, name: "under fire", include: underFire, maxWorkers: 1, sequence: { groupOrder: 1 } } }
    ]
  }
})
