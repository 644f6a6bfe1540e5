import { spawn } from "node:child_process"
import { join } from "node:path"
import type { TestProject } from "vitest/node"
import { repositoryRoot } from "../../../scripts/lib/paths.ts"

/** What `npm run up -- --json` prints as its last line. */
interface UpResult {
  readonly url: string
  readonly email: string
  readonly password: string
  readonly kubeconfig: string
  readonly namespace: string
  /** Clone URL of the sample repository. */
  readonly repository: string
}

declare module "vitest" {
  interface ProvidedContext {
    installation: UpResult
  }
}

const namespace = "berth-e2e"
const replicas = 2

/** Brings up an installation of its own on the local cluster; another one there is left alone. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const output = await script("up.ts", "--json", "--namespace", namespace, "--replicas", String(replicas))
  const lastLine = output.trimEnd().split("\n").at(-1) ?? ""
  project.provide("installation", JSON.parse(lastLine) as UpResult)
  return async () => {
    if (process.env.BERTH_E2E_KEEP === undefined) await script("down.ts", "--namespace", namespace)
  }
}

/** Runs one of the operator's commands, its progress shown; answers its stdout. */
function script(name: string, ...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(repositoryRoot, "scripts", name), ...args], {
      cwd: repositoryRoot,
      stdio: ["ignore", "pipe", "inherit"],
    })
    let output = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text
    })
    child.once("error", reject)
    child.once("close", (code) =>
      code === 0 ? resolve(output) : reject(new Error(`${name} ${args.join(" ")} ended with status ${code}`)),
    )
  })
}
