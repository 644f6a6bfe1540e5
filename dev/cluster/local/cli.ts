// The local node by itself, without Berth: node dev/cluster/local/cli.ts up | down | load ARCHIVE
// `up` prints the kubeconfig's path; `load` puts the images of a `docker save` archive on the node.
import { stateDir } from "../../../scripts/lib/paths.ts"
import { createSteps, StepFailed } from "../../../scripts/lib/steps.ts"
import { importArchive, nodeDown, nodeUp } from "./index.ts"

const [action, archive] = process.argv.slice(2)
const { step } = createSteps(stateDir("logs"))
try {
  if (action === "up") {
    const { kubeconfig } = await step("Local node", nodeUp)
    process.stdout.write(`${kubeconfig}\n`)
  } else if (action === "down") {
    await step("Remove the local node", nodeDown)
  } else if (action === "load" && archive) {
    await step("Load images", ({ run }) => importArchive(run, archive))
  } else {
    process.stderr.write("usage: node dev/cluster/local/cli.ts up | down | load ARCHIVE\n")
    process.exitCode = 2
  }
} catch (error) {
  if (!(error instanceof StepFailed)) throw error
  process.exitCode = 1
}
