import { readFileSync } from "node:fs"
import { parseConfig } from "./parse.ts"
import { withSecretsToCome } from "./preflight.ts"
import type { Config } from "./types.ts"

export { type DatabaseAddress, readDatabaseAddress } from "./database-address.ts"
export { ConfigError, EXIT_CONFIG } from "./faults.ts"
export type { ConfigFile } from "./file-schema.ts"
export { parseConfig } from "./parse.ts"
export type { Config, EncryptionKey } from "./types.ts"

/**
 * Reads the process's environment and the configuration file. With `secretsToCome`, Secrets that are missing count as given.
 * @throws ConfigError
 */
export function loadConfig({ secretsToCome = false } = {}): Config {
  return parseConfig(secretsToCome ? withSecretsToCome(process.env) : process.env, (path) => {
    try {
      return readFileSync(path, "utf8")
    } catch {
      return undefined
    }
  })
}
