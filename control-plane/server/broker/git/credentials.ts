import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { AccountAccess } from "../../credentials/index.ts"
import { Secret } from "../../crypto/index.ts"

/** How a git host is signed in to. */
export interface GitCredential {
  /** A complete `Authorization` header. */
  readonly authorization: Secret
  /** The session's owner's linked account, or the operator's token for the host (`git.hosts.<host>`). */
  readonly source: "account" | "environment"
}

/** The credential of a user for a host, read anew for each request; null: without. */
export type GitCredentials = (userId: string, host: string) => Promise<GitCredential | null>

/**
 * A linked account goes before the operator's token. `directory` holds `<host>/token` from mounted Secrets.
 * @throws (when called) AppError `forbidden` for a linked account that has to be linked again.
 */
export function createGitCredentials(options: {
  accounts: Pick<AccountAccess, "gitAuthorization"> | undefined
  directory: string | undefined
}): GitCredentials {
  return async (userId, host) => {
    const account = (await options.accounts?.gitAuthorization(userId, host)) ?? null
    if (account !== null) return { authorization: account, source: "account" }
    const token = options.directory === undefined ? null : await readToken(join(options.directory, host, "token"))
    return token === null ? null : { authorization: basic(token), source: "environment" }
  }
}

async function readToken(file: string): Promise<string | null> {
  try {
    return (await readFile(file, "utf8")).trim() || null
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "ENOENT" || code === "ENOTDIR") return null
    throw error
  }
}

/** GitHub, GitLab and Gitea take any user name beside a token; this one is GitHub's documented choice. */
function basic(token: string): Secret {
  return new Secret(`Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`)
}
