import { defineConfig } from "vitest/config"

const everywhere = "{control-plane,data-plane-init,agent-image,auth-helpers,pod-protocol,secrets-job,dev,scripts,test}"

const endToEnd = {
  globalSetup: ["test/e2e/support/setup.ts"],
  // Only against hanging: the machine may be several times slower than usual for a while.
  testTimeout: 600_000,
  hookTimeout: 900_000,
  fileParallelism: false,
}

/** The layers of the test suite; `node test/run.ts` runs each by itself. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: [`${everywhere}/**/*.test.{ts,tsx}`],
          exclude: ["**/node_modules/**", "**/*.integration.test.ts", "test/{e2e,chart,tidy}/**"],
          testTimeout: 60_000,
        },
      },
      { test: { name: "check", include: ["test/tidy/**/*.test.ts"], testTimeout: 120_000 } },
      {
        test: {
          name: "integration",
          include: [`${everywhere}/**/*.integration.test.ts`],
          exclude: ["**/node_modules/**", "test/e2e/**", "test/chart/**"],
          globalSetup: ["test/support/global-postgres.ts"],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          // Much of their time is waiting for PostgreSQL, API servers and browsers.
          maxWorkers: 3,
        },
      },
      { test: { name: "chart", include: ["test/chart/**/*.test.ts"], testTimeout: 300_000, hookTimeout: 300_000 } },
      // One installation, whose control plane some of these tests kill.
      { test: { name: "e2e", include: ["test/e2e/*.test.ts"], ...endToEnd } },
      // Each installs a release of its own beside it; the two projects run at the same time.
      { test: { name: "releases", include: ["test/e2e/releases/*.test.ts"], ...endToEnd } },
    ],
  },
})
