import { join } from "node:path"
import type { ClusterTools } from "../../dev/cluster/index.ts"
import { Failure } from "../lib/failure.ts"
import { repositoryRoot } from "../lib/paths.ts"
import { diagnose } from "./diagnose.ts"

export type ChartInput = { namespace: string; release: string; valueFiles: string[] }

/** Installs or upgrades the chart and waits until it serves. A failure says which pod is in the way and why. */
export async function installChart(tools: ClusterTools, { namespace, release, valueFiles }: ChartInput): Promise<void> {
  await forgetInterrupted(tools, namespace, release)
  const values = valueFiles.flatMap((file) => ["--values", file])
  const chart = join(repositoryRoot, "chart")
  const wait = ["--wait", "--timeout", "5m", "--history-max", "5"]
  try {
    await tools.helm(["upgrade", "--install", release, chart, "--namespace", namespace, ...values, ...wait])
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const refused = /values don't meet|execution error at|YAML parse error|failed to parse/.test(error.output ?? "")
    const reasons = refused ? "" : await diagnose(tools.kubectl, namespace).catch(() => "")
    throw new Failure("the chart could not be installed", {
      output: [error.output, reasons].filter(Boolean).join("\n"),
      hint: `fix what the lines above name, then run the command again (see also: kubectl -n ${namespace} get pods,events)`,
    })
  }
}

/** Helm refuses to go on after it was killed in the middle ("another operation is in progress"): forget that revision. */
async function forgetInterrupted(tools: ClusterTools, namespace: string, release: string): Promise<void> {
  const selector = `owner=helm,name=${release},status in (pending-install,pending-upgrade,pending-rollback)`
  await tools.kubectl(["-n", namespace, "delete", "secret", "-l", selector])
}
