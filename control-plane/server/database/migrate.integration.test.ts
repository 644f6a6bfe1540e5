import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { testDatabase } from "../../../test/support/postgres.ts"
import { migrate } from "./index.ts"

const { database, openPool } = await testDatabase({ empty: true })

let directory = ""
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "migrations-"))
  await writeFile(join(directory, "0001-first.sql"), "CREATE TABLE first (id int PRIMARY KEY);")
})
afterEach(async () => {
  await rm(directory, { recursive: true })
})

async function names(): Promise<string[]> {
  const { rows } = await database.raw("SELECT name FROM schema_migrations ORDER BY name")
  return (rows as { name: string }[]).map((row) => row.name)
}

describe("migrations", () => {
  it("are applied once when many replicas start at the same time", async () => {
    const replicas = Array.from({ length: 6 }, () => openPool(2))
    await Promise.all(replicas.map((pool) => migrate(pool, directory)))
    expect(await names()).toEqual(["0001-first.sql"])
    await database.raw("SELECT 1 FROM first")
  })

  it("leave everything as it was when one of them fails", async () => {
    await writeFile(join(directory, "0002-good.sql"), "CREATE TABLE half_way (id int);")
    await writeFile(join(directory, "0003-bad.sql"), "CREATE TABLE other (id int); SELECT nonsense;")
    await expect(migrate(database, directory)).rejects.toThrow(/nonsense/)
    expect(await names()).toEqual(["0001-first.sql"])
    await expect(database.raw("SELECT 1 FROM half_way")).rejects.toThrow(/does not exist/)
  })

  it("refuse a database that a newer version has used", async () => {
    await database.raw("INSERT INTO schema_migrations (name, hash) VALUES ('9999-future.sql', 'x')")
    await expect(migrate(database, directory)).rejects.toThrow(/9999-future.sql.*newer version of Berth/)
    await database.raw("DELETE FROM schema_migrations WHERE name = '9999-future.sql'")
  })

  it("refuse a file that is not the one that was applied", async () => {
    const file = join(directory, "0001-first.sql")
    await writeFile(file, `${await readFile(file, "utf8")}\n-- changed`)
    await expect(migrate(database, directory)).rejects.toThrow(/0001-first.sql is not the one that was applied/)
  })

  it("may hold question marks, which are no placeholders here", async () => {
    await writeFile(
      join(directory, "0002-marks.sql"),
      `CREATE VIEW marks AS SELECT '{"a":1}'::jsonb ? 'a' AS there; -- ok?`,
    )
    await migrate(database, directory)
    const { rows } = await database.raw("SELECT there FROM marks")
    expect(rows).toEqual([{ there: true }])
  })
})
