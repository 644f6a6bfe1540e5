import type { Database } from "../../database/index.ts"
import { AppError } from "../../errors/index.ts"
import { readSettings, type UserSettings } from "../../settings/types.ts"

/** A user's settings, completed with the installation's. */
export async function loadSettings(database: Database, userId: string, defaults: UserSettings): Promise<UserSettings> {
  const row = await database<{ id: string; settings: unknown }>("users").where({ id: userId }).first("settings")
  if (!row) throw new AppError("not_found", "There is no such user.")
  return readSettings(row.settings, defaults)
}

/** Replaces them. Keys that this version does not know are kept. */
export async function saveSettings(database: Database, userId: string, settings: UserSettings): Promise<void> {
  await database.raw("UPDATE users SET settings = settings || ?::jsonb WHERE id = ?", [
    JSON.stringify(settings),
    userId,
  ])
}
