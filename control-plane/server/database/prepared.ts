import type { Database } from "./types.ts"

/**
 * Rows of a statement that runs with every request: each connection has it parsed and planned once, which halves what
 * it costs. `name` stands for this very text everywhere, and the columns are listed in it, so that a migration that
 * adds one does not change what the plan answers.
 */
export async function prepared<Row>(
  database: Database,
  name: string,
  sql: string,
  values: readonly (string | number | boolean | Date | Buffer)[],
): Promise<Row[]> {
  const { rows } = await database.raw<{ rows: Row[] }>(sql, [...values]).options({ name })
  return rows
}
