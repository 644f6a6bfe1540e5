import type { Database } from "./types.ts"

/** Resolves when the database answers. @throws the driver's error when it does not */
export async function ping(database: Database): Promise<void> {
  await database.raw("SELECT 1")
}
