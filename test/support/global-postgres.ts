import type { TestProject } from "vitest/node"
import { Secret } from "../../control-plane/server/crypto/index.ts"
import { createDatabase, migrate } from "../../control-plane/server/database/index.ts"
import { repositoryRoot } from "../../scripts/lib/paths.ts"
import { startPostgres } from "./postgres-server.ts"

/** Name of the migrated database that every test database is a copy of. */
const template = "berth_template"

declare module "vitest" {
  interface ProvidedContext {
    postgres: { host: string; port: number; socketDirectory: string; template: string }
  }
}

/** Starts one server for all integration tests and migrates the template once. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startPostgres()
  try {
    const url = await postgres.createDatabase(template)
    const database = createDatabase({ url: new Secret(url), poolMax: 1 })
    await migrate(database, `${repositoryRoot}/control-plane/server/database/migrations`)
    await database.destroy()
  } catch (error) {
    await postgres.stop()
    throw error
  }
  const { host, port, socketDirectory } = postgres
  project.provide("postgres", { host, port, socketDirectory, template })
  return () => postgres.stop()
}
