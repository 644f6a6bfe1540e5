import { homedir } from "node:os"
import { join, resolve } from "node:path"

/** The top of the repository. */
export const repositoryRoot = resolve(import.meta.dirname, "../..")

/** What can be made again from the network: tools, image bases, build layers. */
export function cacheDir(...parts: string[]): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "berth", ...parts)
}

/** What belongs to a running installation: the local node, logs, what `down` must undo. */
export function stateDir(...parts: string[]): string {
  return join(process.env.XDG_STATE_HOME ?? join(homedir(), ".local", "state"), "berth", ...parts)
}
