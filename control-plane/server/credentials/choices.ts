import { AppError } from "../errors/index.ts"
import type { EnvironmentFiles } from "./environment-files/environment-files.ts"
import type { BindingInput } from "./profiles/profile.ts"
import type { Profiles } from "./profiles/profiles.ts"

/** What a request for a session chooses of what the operator offers. */
export interface SessionChoice {
  readonly profile?: string
  readonly binding?: BindingInput
  readonly environmentFiles?: readonly string[]
}

export interface SessionChoices {
  /** @throws AppError `invalid_request` that names what could be chosen instead */
  check(choice: SessionChoice): Promise<void>
}

/** Checks choices when a session is made, so that it does not fail in its pod. */
export function createSessionChoices(parts: {
  profiles: Pick<Profiles, "check">
  environmentFiles: Pick<EnvironmentFiles, "selectable">
}): SessionChoices {
  return {
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
