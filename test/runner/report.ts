import { readFileSync } from "node:fs"

/** How many tests passed and failed. */
export interface Count {
  readonly passed: number
  readonly failed: number
}

/** Adds up. */
export function sum(counts: readonly Count[]): Count {
  return counts.reduce((all, one) => ({ passed: all.passed + one.passed, failed: all.failed + one.failed }), {
    passed: 0,
    failed: 0,
  })
}

/**
 * Counts what vitest's JSON reporter has written.
 *
 * A test that was not run counts as failed, as does a file that could not be loaded. At least one failure is counted
 * when vitest ended with another status than 0 (an unhandled error), when it found no test, or wrote no report.
 * @param status vitest's exit status
 */
export function countReport(file: string, status: number): Count {
  const files = readFiles(file)
  const count = sum(files.map(countFile))
  const isSilentFailure = count.failed === 0 && (status !== 0 || count.passed === 0)
  return isSilentFailure ? { passed: count.passed, failed: 1 } : count
}

interface ReportedFile {
  readonly status: string
  readonly tests: readonly string[]
}

function countFile({ status, tests }: ReportedFile): Count {
  const passed = tests.filter((one) => one === "passed").length
  const failed = tests.length - passed
  return { passed, failed: failed === 0 && status === "failed" ? 1 : failed }
}

function readFiles(file: string): ReportedFile[] {
  let report: unknown
  try {
    report = JSON.parse(readFileSync(file, "utf8"))
  } catch {
    return []
  }
  return listOf(report, "testResults").map((one) => ({
    status: statusOf(one),
    tests: listOf(one, "assertionResults").map(statusOf),
  }))
}

function listOf(value: unknown, key: string): unknown[] {
  const list = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined
  return Array.isArray(list) ? list : []
}

function statusOf(value: unknown): string {
  const status = typeof value === "object" && value !== null ? Reflect.get(value, "status") : undefined
  return typeof status === "string" ? status : "unknown"
}
