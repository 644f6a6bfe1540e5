import { afterAll, inject } from "vitest"
import { randomName, Secret } from "../../control-plane/server/crypto/index.ts"
import { createDatabase, type Database } from "../../control-plane/server/database/index.ts"
// Brings the type of what `inject` answers.
import type {} from "./global-postgres.ts"
import * as server from "./postgres-server.ts"

export interface TestDatabase {
  /** A pool on it; closed after the file's last test. */
  readonly database: Database
  readonly url: Secret
  /** The same as PGHOST, PGPORT, PGUSER and PGDATABASE. */
  readonly env: Record<string, string>
  /** Another pool on the same database, as another replica has; closed with the first. */
  openPool(poolMax?: number): Database
}

/**
 * Makes a database of its own for one test file, with all migrations applied. Call it at the top of the file or in `beforeAll`.
 * @param options.empty true leaves the migrations out
 */
export async function testDatabase(options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const { host, port, template } = inject("postgres")
  const name = `test_${randomName(12)}`
  const urlOf = (database: string) => `postgresql://postgres@${host}:${port}/${database}`
  const url = new Secret(await server.createDatabase(urlOf, name, options.empty ? undefined : template))
  const pools: Database[] = []
  const openPool = (poolMax = 5) => {
    const pool = createDatabase({ url, poolMax })
    pools.push(pool)
    return pool
  }
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.destroy()))
    await server.query(urlOf("postgres"), `DROP DATABASE "${name}" WITH (FORCE)`)
  })
  return {
    database: openPool(),
    url,
    env: { PGHOST: host, PGPORT: String(port), PGUSER: "postgres", PGDATABASE: name },
    openPool,
  }
}
