import { constants } from "node:fs"
import { open, rm } from "node:fs/promises"
import type { WorkloadBinding } from "../../pod-protocol/index.ts"
import { allowOwner, ensureDirectory, lstatOrNull, writeWhole } from "./files.ts"

const EXCLUDED = "/.berth/"
const EXCLUDE_BYTES_MAX = 1024 * 1024

/** Makes `.berth` in the repository: the profile's settings and the place for helpers, kept out of git's sight. */
export async function writeBerthFolder(
  repository: string,
  binding: Pick<WorkloadBinding, "userSettings">,
): Promise<void> {
  // A link that was put in the repository's place leads where the agent itself may not write.
  if ((await lstatOrNull(repository))?.isDirectory() !== true) return
  await ensureDirectory(repository)
  const folder = `${repository}/.berth`
  await ensureDirectory(folder)
  await ensureDirectory(`${folder}/auth-helpers`)
  const settings = `${folder}/user-settings.json`
  if (binding.userSettings === null) await rm(settings, { force: true, recursive: true })
  else await writeWhole(settings, JSON.stringify(binding.userSettings, null, 2), 0o600)
  await excludeFromGit(repository)
}

/**
 * `.git/info/exclude` is the one ignore list that is never committed. Whatever the agent has put in its place (a link, a
 * pipe that would be waited for) is replaced; a list that no person wrote is left alone.
 */
async function excludeFromGit(repository: string): Promise<void> {
  if ((await lstatOrNull(`${repository}/.git`))?.isDirectory() !== true) return
  await ensureDirectory(`${repository}/.git`)
  await ensureDirectory(`${repository}/.git/info`)
  const path = `${repository}/.git/info/exclude`
  const found = await lstatOrNull(path)
  if (found !== null && !found.isFile()) await rm(path, { force: true, recursive: true })
  if (found?.isFile()) {
    if (found.size > EXCLUDE_BYTES_MAX) return
    await allowOwner(path, found)
  }
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const file = await open(path, flags, 0o644)
  try {
    const text = await file.readFile("utf8")
    if (text.split("\n").includes(EXCLUDED)) return
    await file.appendFile(text === "" || text.endsWith("\n") ? `${EXCLUDED}\n` : `\n${EXCLUDED}\n`)
  } finally {
    await file.close()
  }
}
