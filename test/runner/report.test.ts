import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { countReport } from "./report.ts"

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "report-"))
})
afterAll(() => rmSync(directory, { recursive: true }))

function report(...files: { status: string; tests: string[] }[]): string {
  const file = join(directory, "report.json")
  const testResults = files.map(({ status, tests }) => ({
    status,
    assertionResults: tests.map((one) => ({ status: one })),
  }))
  writeFileSync(file, JSON.stringify({ testResults }))
  return file
}

test("passed and failed tests are counted over all files", () => {
  const file = report({ status: "passed", tests: ["passed", "passed"] }, { status: "failed", tests: ["failed"] })
  expect(countReport(file, 1)).toEqual({ passed: 2, failed: 1 })
})

test("a test that was not run counts as failed", () => {
  const file = report({ status: "passed", tests: ["passed", "skipped", "pending", "todo"] })
  expect(countReport(file, 0)).toEqual({ passed: 1, failed: 3 })
})

test("a file that could not be loaded counts as one failure", () => {
  const file = report({ status: "failed", tests: [] }, { status: "passed", tests: ["passed"] })
  expect(countReport(file, 1)).toEqual({ passed: 1, failed: 1 })
})

test("an error outside of tests, no tests at all, and a missing report are each a failure", () => {
  expect(countReport(report({ status: "passed", tests: ["passed"] }), 1)).toEqual({ passed: 1, failed: 1 })
  expect(countReport(report(), 0)).toEqual({ passed: 0, failed: 1 })
  expect(countReport(join(directory, "missing.json"), 1)).toEqual({ passed: 0, failed: 1 })
})
