import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { chartDirectory } from "./chart.ts"

/** Calls `use` with a copy of the chart that has another version (the appVersion stays). */
export async function withChartVersion<T>(version: string, use: (chart: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "berth-chart-"))
  try {
    const chart = join(directory, "berth")
    cpSync(chartDirectory, chart, { recursive: true })
    const file = join(chart, "Chart.yaml")
    writeFileSync(file, readFileSync(file, "utf8").replace(/^version: .*$/m, `version: ${version}`))
    return await use(chart)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
