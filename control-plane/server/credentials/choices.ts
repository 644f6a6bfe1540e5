import { AppError } from "../errors/index.ts"
import type { EnvironmentFiles, SecretEnvironment } from "./environment-files/environment-files.ts"
import type { BindingInput } from "./profiles/profile.ts"
import type { Profiles } from "./profiles/profiles.ts"

/** What a request for a session chooses of what the operator offers. */
export interface SessionChoice {
  readonly profile?: string
  readonly binding?: BindingInput
  readonly environmentFiles?: readonly string[]
}

/** How a new session gets its credentials, and what of them its agent can read itself: names, never a value. */
export interface SessionExposure {
  /** Its own or the installation's; null without one. */
  readonly profile: string | null
  /** The type of the binding in force; null without a profile. */
  readonly binding: string | null
  /** Names of variables, sorted: of the role's and the chosen files, of the profile, of the request. */
  readonly exposed: readonly string[]
}

export interface SessionChoices {
  /** @throws AppError `invalid_request` that names what could be chosen instead */
  check(choice: SessionChoice): Promise<void>
  /** For the audit log. A file that cannot be read at the moment adds nothing. */
  exposure(
    choice: SessionChoice & { environment?: Readonly<Record<string, string>> },
    role: string,
  ): Promise<SessionExposure>
}

/** Checks choices when a session is made, so that it does not fail in its pod. */
export function createSessionChoices(parts: {
  profiles: Pick<Profiles, "check" | "exposure">
  environmentFiles: Pick<EnvironmentFiles, "selectable" | "forRole" | "read" | "readChosen">
}): SessionChoices {
  const { environmentFiles: files } = parts
  return {
    async exposure({ profile: own = null, binding: chosen = null, environmentFiles = [], environment = {} }, role) {
      const { profile, binding, ...ofProfile } = parts.profiles.exposure({ profile: own, binding: chosen })
      const read = await Promise.all([
        namesIn(files.forRole(role)),
        namesIn(files.read(ofProfile.environmentFiles)),
        namesIn(files.readChosen(environmentFiles)),
      ])
      const exposed = new Set([...read.flat(), ...ofProfile.variables, ...Object.keys(environment)])
      return { profile, binding, exposed: [...exposed].sort() }
    },
    async check({ profile = null, binding = null, environmentFiles = [] }) {
      parts.profiles.check({ profile, binding })
      if (environmentFiles.length === 0) return
      const selectable = await parts.environmentFiles.selectable()
      const unknown = environmentFiles.filter((name) => !selectable.includes(name))
      if (unknown.length === 0) return
      const offer = selectable.length === 0 ? "there are none" : `choose from ${selectable.join(", ")}`
      const names = unknown.map((name) => JSON.stringify(name)).join(", ")
      throw new AppError("invalid_request", `environmentFiles: ${names} cannot be chosen; ${offer}.`, {
        details: { field: "environmentFiles" },
      })
    },
  }
}

function namesIn(variables: Promise<SecretEnvironment>): Promise<string[]> {
  return variables.then(
    (found) => [...found.keys()],
    () => [],
  )
}
