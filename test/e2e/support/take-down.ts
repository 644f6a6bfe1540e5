import { existsSync, readdirSync } from "node:fs"
import { repositoryRoot, stateDir } from "../../../scripts/lib/paths.ts"
import { createRun } from "../../../scripts/lib/run.ts"
import { namespace } from "./namespace.ts"

// Removes what the end-to-end tests have brought up. A cluster that other installations use stays; one that was made for
// these tests goes with them. Nothing to remove is fine: the layer may have failed before it made anything.

const installations = existsSync(stateDir("installations")) ? readdirSync(stateDir("installations")) : []
const isOurs = (name: string) => name.includes(`-${namespace}-`)
const others = installations.filter((name) => name.endsWith(".json") && !isOurs(name))
if (process.env["BERTH_E2E_INSTALLATION"] === undefined && installations.some(isOurs)) {
  const keep = others.length > 0 ? ["--keep-cluster"] : []
  const run = createRun((text) => process.stdout.write(text))
  await run(process.execPath, ["scripts/down.ts", "--namespace", namespace, ...keep], { cwd: repositoryRoot })
}
