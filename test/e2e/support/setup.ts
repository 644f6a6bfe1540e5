import { spawn } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { TestProject } from "vitest/node"
import { repositoryRoot, stateDir } from "../../../scripts/lib/paths.ts"

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

/**
 * Brings up an installation of its own on the local cluster; another one there is left alone.
 * BERTH_E2E_INSTALLATION names a file with the output of `npm run up -- --json` to test that one instead.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env.BERTH_E2E_INSTALLATION
  if (given !== undefined) {
    project.provide("installation", lastLineOf(readFileSync(given, "utf8")))
    return undefined
  }
  // A cluster that others use stays; one that was made for this run goes with it.
  const keep = hasInstallations() ? ["--keep-cluster"] : []
  const output = await script("up.ts", "--json", "--namespace", namespace, "--replicas", String(replicas))
  project.provide("installation", lastLineOf(output))
  return async () => void (await script("down.ts", "--namespace", namespace, ...keep))
}

function lastLineOf(output: string): UpResult {
  return JSON.parse(output.trimEnd().split("\n").at(-1) ?? "") as UpResult
}

function hasInstallations(): boolean {
  const directory = stateDir("installations")
  return (
    existsSync(directory) && readdirSync(directory).some((name) => name.endsWith(".json") && !name.includes(namespace))
  )
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
