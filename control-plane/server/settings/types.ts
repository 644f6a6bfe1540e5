/** Who may watch a session: its owner only, or everybody signed in. */
export const VISIBILITIES = ["private", "public"] as const
export type Visibility = (typeof VISIBILITIES)[number]

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
