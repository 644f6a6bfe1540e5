import { readdirSync } from "node:fs"
import { join } from "node:path"
import { ensureTools } from "../../dev/tools/index.ts"
import { messageOf } from "../../scripts/lib/failure.ts"
import { repositoryRoot } from "../../scripts/lib/paths.ts"
import { createRun } from "../../scripts/lib/run.ts"

// Lints the chart with its defaults and with every values file in chart/ci.
const chart = join(repositoryRoot, "chart")
const run = createRun((text) => process.stdout.write(text))
const { helm } = await ensureTools(["helm"])
const files = readdirSync(join(chart, "ci")).filter((name) => name.endsWith("-values.yaml"))
for (const values of [[], ...files.map((name) => ["--values", join(chart, "ci", name)])]) {
  try {
    await run(helm, ["lint", "--strict", "--quiet", "--kube-version", "1.34.0", chart, ...values])
  } catch (error) {
    console.error(messageOf(error))
    process.exitCode = 1
  }
}
