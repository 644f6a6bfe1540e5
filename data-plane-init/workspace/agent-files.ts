import { mkdir } from "node:fs/promises"
import type { WorkloadBinding } from "../../pod-protocol/index.ts"
import { environmentFile } from "./environment.ts"
import { writeWhole } from "./files.ts"
import { gitconfig } from "./gitconfig.ts"
import type { Settings } from "./settings.ts"

// With this in the configuration directory OpenCode does not try to `npm install` its plug-in package there, which
// blocks the first request for over a minute where there is no registry.
const PLUGIN_STUB = {
  name: "opencode-config",
  lockfileVersion: 3,
  packages: { "": { dependencies: { "@opencode-ai/plugin": "*" } } },
}

/** Writes what the agent reads at its start. Each file changes as a whole, so an agent that already runs is not disturbed. */
export async function writeAgentFiles(binding: WorkloadBinding, settings: Settings): Promise<void> {
  const root = settings.agentConfig
  const opencode = `${root}/opencode`
  await mkdir(`${opencode}/node_modules`, { recursive: true })
  await Promise.all([
    writeWhole(`${opencode}/opencode.json`, JSON.stringify(binding.agentConfig, null, 2)),
    writeWhole(`${opencode}/package-lock.json`, JSON.stringify(PLUGIN_STUB)),
    // OpenCode writes this file when it is missing, and every request fails when it cannot: the agent's mount is read-only.
    writeWhole(`${opencode}/.gitignore`, "*\n"),
    writeWhole(`${root}/gitconfig`, gitconfig(binding, settings.sidecarUrl)),
    writeWhole(`${root}/environment`, environmentFile(binding.environment)),
  ])
}
