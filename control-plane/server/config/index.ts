import { readFileSync } from "node:fs"
import { parseConfig } from "./parse.ts"
import type { Config } from "./types.ts"

export { ConfigError, EXIT_CONFIG } from "./faults.ts"
export type { ConfigFile } from "./file-schema.ts"
export { parseConfig } from "./parse.ts"
export type { Config, EncryptionKey } from "./types.ts"

/** Reads the process's environment and the configuration file. @throws ConfigError */
export function loadConfig(): Config {
  return parseConfig(process.env, (path) => {
    try {
      return readFileSync(path, "utf8")
    } catch {
      return undefined
    }
  })
}
