import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { TestProject } from "vitest/node"
import { repositoryRoot } from "../../../scripts/lib/paths.ts"
import { namespace } from "./namespace.ts"

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

const replicas = 2

/**
 * Brings up an installation of its own on the local cluster, or brings it up to date; another one there is left alone.
 * It stays for the next run: `npm test` removes it in the end (take-down.ts).
 * BERTH_E2E_INSTALLATION names a file with the output of `npm run up -- --json` to test that one instead.
 */
export default async function setup(project: TestProject): Promise<void> {
  const given = process.env["BERTH_E2E_INSTALLATION"]
  const up = () => script("up.ts", "--json", "--namespace", namespace, "--replicas", String(replicas))
  const output = given === undefined ? await up() : readFileSync(given, "utf8")
  project.provide("installation", JSON.parse(output.trimEnd().split("\n").at(-1) ?? "") as UpResult)
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
