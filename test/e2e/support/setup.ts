import { readFileSync } from "node:fs"
import type { TestProject } from "vitest/node"
import { readUpResult, type UpResult } from "./connect.ts"
import { bringUp } from "./up.ts"

declare module "vitest" {
  interface ProvidedContext {
    installation: UpResult
  }
}

/**
 * Tells the tests which installation they test: the one that the file named by BERTH_E2E_INSTALLATION describes (the output
 * of `npm run up -- --json`); without it their own, which is brought up and stays for the next run.
 */
export default async function setup(project: TestProject): Promise<void> {
  const given = process.env["BERTH_E2E_INSTALLATION"]
  const output = given === undefined ? await bringUp() : readFileSync(given, "utf8")
  project.provide("installation", readUpResult(output))
}
