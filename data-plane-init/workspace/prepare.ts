import { rm } from "node:fs/promises"
import { writeAgentFiles } from "./agent-files.ts"
import { writeBerthFolder } from "./berth-folder.ts"
import { createRepository, hasRepository } from "./clone.ts"
import { ensureDirectory, writeWhole } from "./files.ts"
import type { Git } from "./git.ts"
import { markerPath, repositoryPath, type Settings } from "./settings.ts"
import type { SidecarClient } from "./sidecar.ts"

/**
 * Makes the workspace ready for the agent. May run at any time and any number of times, also while the agent works:
 * what is in the repository stays as it is. The agent's container waits for the marker that is written last.
 * @throws Failure
 */
export async function prepare(options: { settings: Settings; sidecar: SidecarClient; git: Git }): Promise<void> {
  const { settings, sidecar, git } = options
  await rm(markerPath(settings), { force: true })
  const binding = await sidecar.binding()
  const exposed = binding.resolvers.some(({ variable }) => variable !== null) ? await sidecar.environment() : {}
  const environment = { ...exposed, ...binding.environment }
  const existing = await hasRepository(settings)
  // Reports and state folders need not be waited for, the configuration has to be there before git runs.
  const reported = existing
    ? Promise.resolve(true)
    : sidecar.report({ phase: binding.repository === null ? "configuring" : "cloning" })
  try {
    await Promise.all([
      writeAgentFiles({ ...binding, environment }, settings),
      ensureDirectory(`${settings.workspace}/.state`),
    ])
    if (!existing) await createRepository(git, settings, binding.repository)
    await writeBerthFolder(repositoryPath(settings), binding)
    await writeWhole(markerPath(settings), "")
  } finally {
    // The last report to arrive is the one that counts.
    await reported
  }
  await sidecar.report({ phase: "ready" })
}
