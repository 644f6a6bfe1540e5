import { spawn } from "node:child_process"
import { join } from "node:path"
import { repositoryRoot } from "../../../scripts/lib/paths.ts"
import { namespace } from "./namespace.ts"

const replicas = 2

/**
 * Brings up the installation of the end-to-end tests on the local cluster, or brings it up to date, its progress shown;
 * another one there is left alone.
 * @returns what `npm run up -- --json` prints
 */
export function bringUp(): Promise<string> {
  const args = ["--json", "--namespace", namespace, "--replicas", String(replicas)]
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(repositoryRoot, "scripts", "up.ts"), ...args], {
      cwd: repositoryRoot,
      stdio: ["ignore", "pipe", "inherit"],
    })
    let output = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text
    })
    child.once("error", reject)
    child.once("close", (code) => (code === 0 ? resolve(output) : reject(new Error(`up.ts ended with status ${code}`))))
  })
}
