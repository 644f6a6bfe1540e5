import { createHash } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { lockFor, UNHURRIED, withTransaction } from "./transaction.ts"
import type { Database } from "./types.ts"

interface Migration {
  readonly name: string
  readonly sql: string
  readonly hash: string
}

/**
 * Brings the schema up to the files in `directory` (`NNNN-title.sql`, in the order of their names).
 *
 * All replicas may call it at once: one works, the others wait and then find nothing to do. Everything that is missing
 * is applied in one transaction, so that a failed or killed start leaves the schema as it was.
 * @throws Error when the database was made by a newer version, or an applied file was changed.
 */
export async function migrate(database: Database, directory: string): Promise<void> {
  const migrations = await readMigrations(directory)
  await withTransaction(database, async (transaction) => {
    // Waiting for another replica's migration, and migrating a large table, both take longer than a request may.
    await transaction.raw("SET LOCAL statement_timeout = 0")
    await transaction.raw("SET LOCAL idle_in_transaction_session_timeout = 0")
    await lockFor(transaction, "migrate")
    await transaction.raw(
      "CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, hash text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())",
    )
    const applied = await transaction<{ name: string; hash: string }>("schema_migrations").select("name", "hash")
    for (const migration of outstanding(migrations, applied)) {
      // A lone question mark would be taken for a placeholder.
      await transaction.raw(migration.sql.replaceAll("?", "\\?")).options(UNHURRIED)
      await transaction("schema_migrations").insert({ name: migration.name, hash: migration.hash })
    }
  })
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{4}-[a-z0-9-]+\.sql$/.test(name)).sort()
  if (names.length === 0) throw new Error(`No migrations found in ${directory}`)
  return await Promise.all(
    names.map(async (name) => {
      const sql = await readFile(join(directory, name), "utf8")
      return { name, sql, hash: createHash("sha256").update(sql).digest("hex") }
    }),
  )
}

function outstanding(migrations: Migration[], applied: { name: string; hash: string }[]): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.name, migration]))
  for (const row of applied) {
    const migration = known.get(row.name)
    if (migration === undefined) {
      throw new Error(
        `The database has the migration ${row.name}, which this version does not know: it was used by a newer version of Berth. ` +
          "Install that version again, or restore a backup made before the upgrade.",
      )
    }
    if (migration.hash !== row.hash) {
      throw new Error(
        `The migration ${row.name} is not the one that was applied to this database: the image was built from changed files. ` +
          "Install a released version, or start with an empty database.",
      )
    }
  }
  const done = new Set(applied.map((row) => row.name))
  return migrations.filter((migration) => !done.has(migration.name))
}
