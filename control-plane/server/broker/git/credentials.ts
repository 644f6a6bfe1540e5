import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { Config } from "../../config/types.ts"
import type { AccountAccess } from "../../credentials/index.ts"
import { Secret } from "../../crypto/index.ts"
import { matchesGlob } from "./glob.ts"

/** How a git host is signed in to. */
export interface GitCredential {
  /** A complete `Authorization` header. */
  readonly authorization: Secret
  /** The session's owner's linked account, or the operator's token for the host (`git.hosts.<host>`). */
  readonly source: "account" | "environment"
}

/** One use of a host by a session. */
export interface GitUse {
  readonly owner: { readonly id: string; readonly role: string }
  readonly host: string
  /** In the form for comparing. */
  readonly repository: string
  readonly service: "git-upload-pack" | "git-receive-pack"
}

export interface GitCredentials {
  /**
   * Read anew for each request; null: without.
   * @throws AppError `forbidden` for a linked account that has to be linked again.
   */
  find(use: GitUse): Promise<GitCredential | null>
  /** Which part of `git.hosts.<host>.allow` keeps the operator's token from this use; null when none does. */
  withheld(use: GitUse): string | null
}

type GitHosts = NonNullable<NonNullable<Config["file"]["git"]>["hosts"]>

/** A linked account goes before the operator's token. `directory` holds `<host>/token` from mounted Secrets. */
export function createGitCredentials(options: {
  accounts: Pick<AccountAccess, "gitAuthorization"> | undefined
  directory: string | undefined
  hosts: GitHosts
}): GitCredentials {
  const { accounts, directory } = options
  const hosts = new Map(Object.entries(options.hosts).map(([host, settings]) => [host.toLowerCase(), settings]))
  const withheld = (use: GitUse) => withheldBy(hosts.get(use.host)?.allow, use)
  return {
    async find(use) {
      const account = (await accounts?.gitAuthorization(use.owner.id, use.host)) ?? null
      if (account !== null) return { authorization: account, source: "account" }
      if (directory === undefined || withheld(use) !== null) return null
      const token = await readToken(join(directory, use.host, "token"))
      return token === null
        ? null
        : { authorization: basic(userNameFor(use.host, hosts.get(use.host)), token), source: "environment" }
    },
    withheld,
  }
}

function withheldBy(allow: GitHosts[string]["allow"], { owner, repository, service }: GitUse): string | null {
  if (allow === undefined) return null
  const { roles = [], repositories = [], push = true } = allow
  if (roles.length > 0 && !roles.includes(owner.role)) return "roles"
  if (repositories.length > 0 && !repositories.some((pattern) => matchesGlob(pattern, repository)))
    return "repositories"
  return service === "git-receive-pack" && !push ? "push" : null
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

/**
 * The user name that goes beside the token. GitHub, GitLab and Gitea take any with a personal token; GitLab's deploy tokens
 * want their own (`username`), and Bitbucket Cloud's access tokens this one.
 */
function userNameFor(host: string, settings: GitHosts[string] | undefined): string {
  const { username = "" } = settings ?? {}
  if (username !== "") return username
  return host === "bitbucket.org" ? "x-token-auth" : "x-access-token"
}

function basic(username: string, token: string): Secret {
  return new Secret(`Basic ${Buffer.from(`${username}:${token}`).toString("base64")}`)
}
