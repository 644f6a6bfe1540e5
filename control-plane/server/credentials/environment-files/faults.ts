import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Config } from "../../config/types.ts"
import { readProfiles } from "../profiles/read.ts"
import { ENVIRONMENT_FILE, parseEnvironmentFile } from "./parse.ts"

/** What is wrong with the environment files and with who refers to them, all of it at once, for the start-up check. */
export function environmentFileFaults(config: {
  readonly roleEnvironments: Config["roleEnvironments"]
  readonly file: Pick<Config["file"], "credentials">
}): string[] {
  const { roleEnvironments: settings } = config
  const faults: string[] = []
  const names = settings === undefined ? [] : namesIn(settings.directory, faults)
  for (const name of names)
    parseEnvironmentFile(name, readFileSync(join(settings?.directory ?? "", name), "utf8"), faults)
  for (const name of settings?.selectable ?? []) {
    if (!names.includes(name)) faults.push(`roleEnvFiles.selectable: "${name}" is not in roleEnvFiles.files`)
  }
  for (const profile of readProfiles(config.file.credentials, []).values()) {
    const where = `credentials.profiles.${profile.name}.environment_files`
    for (const name of profile.environmentFiles) {
      if (settings === undefined) faults.push(`${where}: "${name}" needs roleEnvFiles.enabled`)
      else if (!names.includes(name)) faults.push(`${where}: "${name}" is not in roleEnvFiles.files`)
    }
  }
  return faults
}

function namesIn(directory: string, faults: string[]): string[] {
  try {
    return readdirSync(directory).filter((name) => ENVIRONMENT_FILE.test(name))
  } catch (error) {
    const { code = "unreadable" } = error as NodeJS.ErrnoException
    faults.push(`BERTH_ROLE_ENV_DIR: the directory ${directory} cannot be read (${code})`)
    return []
  }
}
