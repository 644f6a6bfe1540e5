import { VISIBILITIES, type Visibility } from "../sessions/types.ts"

/** A person's preferences: the column `users.settings`. */
export interface UserSettings {
  /** Visibility of a new session that does not say. */
  readonly defaultVisibility: Visibility
}

/** Settings as stored, completed with the installation's. Anything that is not understood counts as absent. */
export function readSettings(stored: unknown, defaults: UserSettings): UserSettings {
  const { defaultVisibility } = (stored ?? {}) as { defaultVisibility?: unknown }
  const known = VISIBILITIES.find((visibility) => visibility === defaultVisibility)
  return { defaultVisibility: known ?? defaults.defaultVisibility }
}
