import { VISIBILITIES, type Visibility } from "../sessions/types.ts"

/** A person's preferences: the column `users.settings`. */
export interface UserSettings {
  /** Visibility of a new session that does not say. */
  readonly defaultVisibility: Visibility
}

const DEFAULT_SETTINGS: UserSettings = { defaultVisibility: "private" }

/** Settings as stored, completed with the defaults. Anything that is not understood counts as absent. */
export function readSettings(stored: unknown): UserSettings {
  const { defaultVisibility } = (stored ?? {}) as { defaultVisibility?: unknown }
  const known = VISIBILITIES.find((visibility) => visibility === defaultVisibility)
  return { defaultVisibility: known ?? DEFAULT_SETTINGS.defaultVisibility }
}
