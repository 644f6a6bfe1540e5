import { createHash } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import type { Config } from "../../config/types.ts"
import { Secret } from "../../crypto/index.ts"
import { AppError } from "../../errors/index.ts"
import type { Logger } from "../../observability/index.ts"
import { ENVIRONMENT_FILE, parseEnvironmentFile } from "./parse.ts"

const DEFAULT_FILE = "default.env"

/** Variables by name. */
export type SecretEnvironment = ReadonlyMap<string, Secret>

/** The operator's environment files (`roleEnvFiles`), read anew for each use: a changed Secret counts from then on. */
export interface EnvironmentFiles {
  /** `default.env`, where it is loaded, and `<role>.env` over it. */
  forRole(role: string): Promise<SecretEnvironment>
  /** These files, the later over the earlier. @throws AppError `forbidden` for one that is not there (any more). */
  read(names: readonly string[]): Promise<SecretEnvironment>
  /** The same for what a request chose. @throws AppError `forbidden` also for one that no request may choose any more. */
  readChosen(names: readonly string[]): Promise<SecretEnvironment>
  /** Names that a request may choose and that are there, sorted. */
  selectable(): Promise<string[]>
}

interface Known {
  readonly digest: string
  readonly variables: SecretEnvironment
}

/** Files with a fault were refused at the start; one that gets a fault later stays in force as it was, and the log says so. */
export function createEnvironmentFiles(options: {
  config: Pick<Config, "roleEnvironments">
  log: Logger
}): EnvironmentFiles {
  const settings = options.config.roleEnvironments
  const known = new Map<string, Known>()
  const refused = new Map<string, string>()

  async function load(directory: string, name: string): Promise<SecretEnvironment | null> {
    const text = await textOf(join(directory, name))
    if (text === null) return null
    const digest = createHash("sha256").update(text).digest("hex")
    const before = known.get(name)
    if (before?.digest === digest) return before.variables
    const faults: string[] = []
    const variables = secretly(parseEnvironmentFile(name, text, faults))
    if (faults.length === 0) {
      known.set(name, { digest, variables })
      return variables
    }
    if (refused.get(name) !== digest) {
      refused.set(name, digest)
      options.log.error({ faults }, "a changed environment file is not taken")
    }
    if (before !== undefined) return before.variables
    throw new AppError("forbidden", `The environment file "${name}" has faults; the control plane's log lists them.`)
  }

  async function merged(names: readonly string[], required: boolean): Promise<SecretEnvironment> {
    const all = new Map<string, Secret>()
    for (const name of names) {
      const usable = settings !== undefined && ENVIRONMENT_FILE.test(name)
      const variables = usable ? await load(settings.directory, name) : null
      if (variables === null && required) {
        throw new AppError("forbidden", `The session's environment file "${name}" no longer exists.`)
      }
      for (const [key, value] of variables ?? []) all.set(key, value)
    }
    return all
  }

  return {
    forRole: (role) => merged([...(settings?.loadDefault === true ? [DEFAULT_FILE] : []), `${role}.env`], false),
    read: (names) => merged(names, true),
    async readChosen(names) {
      const withdrawn = names.find((name) => settings?.selectable.includes(name) !== true)
      if (withdrawn === undefined) return await merged(names, true)
      throw new AppError(
        "forbidden",
        `The session's environment file "${withdrawn}" cannot be chosen any more. Start a new session without it, or ` +
          "ask an operator to offer it again (roleEnvFiles.selectable).",
      )
    },
    async selectable() {
      if (settings === undefined || settings.selectable.length === 0) return []
      const there = new Set(await readdir(settings.directory))
      return settings.selectable.filter((name) => there.has(name)).sort()
    },
  }
}

async function textOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null
    throw error
  }
}

function secretly(variables: Readonly<Record<string, string>>): SecretEnvironment {
  return new Map(Object.entries(variables).map(([name, value]) => [name, new Secret(value)]))
}
