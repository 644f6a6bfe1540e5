import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { bringUp } from "./up.ts"

// usage: node test/e2e/support/bring-up.ts FILE
// Brings up what the end-to-end tests test and writes to FILE where it is. An installation that BERTH_E2E_INSTALLATION
// names is taken as it is.

const [, , file] = process.argv
if (file === undefined) throw new Error("usage: bring-up.ts FILE")
if (process.env["BERTH_E2E_INSTALLATION"] === undefined) {
  rmSync(file, { force: true }) // what a former run has written
  const output = await bringUp()
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, output, { mode: 0o600 })
}
