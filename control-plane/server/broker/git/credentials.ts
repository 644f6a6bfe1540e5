import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Secret } from "../../crypto/index.ts"

/** What git hosts are signed in with for this session. Null: without. */
export type GitCredentials = (host: string) => Promise<Secret | null>

/**
 * The operator's own credentials, `<directory>/<host>/token` from mounted Secrets, read anew each time so that a
 * replaced one counts at once. The value is a complete `Authorization` header.
 */
export function fileGitCredentials(directory: string | undefined): GitCredentials {
  return async (host) => {
    if (directory === undefined) return null
    try {
      const token = (await readFile(join(directory, host, "token"), "utf8")).trim()
      return token === "" ? null : basic(token)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === "ENOENT" || code === "ENOTDIR") return null
      throw error
    }
  }
}

/** GitHub, GitLab and Gitea take any user name beside a token; this one is GitHub's documented choice. */
function basic(token: string): Secret {
  return new Secret(`Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`)
}
