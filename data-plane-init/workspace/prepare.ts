import { rm } from "node:fs/promises"
import { writeAgentFiles } from "./agent-files.ts"
import { writeBerthFolder } from "./berth-folder.ts"
import { createRepository, hasRepository } from "./clone.ts"
import { ensureDirectory, writeWhole } from "./files.ts"
import type { Git } from "./git.ts"
import { markerPath, repositoryPath, type Settings } from "./settings.ts"
import type { SidecarClient } from "./sidecar.ts"
import { keepReserve, makeRoom, measure } from "./volume.ts"

/**
 * Makes the workspace ready for the agent. May run at any time and any number of times, also while the agent works:
 * what is in the repository stays as it is. The agent's container waits for the marker that is written last.
 * @throws Failure
 */
export async function prepare(options: { settings: Settings; sidecar: SidecarClient; git: Git }): Promise<void> {
  const { settings, sidecar, git } = options
  await rm(markerPath(settings), { force: true })
  await makeRoom(settings)
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
    const notices = existing ? [] : await createRepository(git, settings, binding.repository)
    await writeBerthFolder(repositoryPath(settings), binding)
    await writeWhole(markerPath(settings), "")
    // The last report to arrive is the one that counts.
    await reported
    const volume = await measure(settings)
    await sidecar.report({ phase: "ready", volume, ...(notices.length === 0 ? {} : { notices }) })
  } finally {
    await reported
  }
  await keepReserve(settings)
}

/** Tells how full the volume is by now, and keeps the reserve where there is room again. */
export async function watchVolume({
  settings,
  sidecar,
}: {
  settings: Settings
  sidecar: SidecarClient
}): Promise<void> {
  await keepReserve(settings)
  await sidecar.report({ volume: await measure(settings) })
}
