import { variableFault } from "../../../pod-protocol/environment.ts"
import { parseRepository, withoutUserInfo } from "../../../pod-protocol/git-address.ts"
import { AppError } from "../errors/index.ts"

const TITLE_CHARACTERS = 80
export const DEFAULT_TITLE = "New session"

/** A title out of the first words of a prompt. */
export function titleFrom(text: string | undefined): string {
  const line = (text ?? "")
    .split("\n")
    .find((one) => one.trim() !== "")
    ?.trim()
    .replace(/\s+/g, " ")
  if (line === undefined) return DEFAULT_TITLE
  return line.length <= TITLE_CHARACTERS ? line : `${line.slice(0, TITLE_CHARACTERS - 1).trimEnd()}…`
}

const ENVIRONMENT_BYTES_MAX = 64 * 1024

/** @throws AppError `invalid_request` that names the variable and what is wrong with it, never its value */
export function checkEnvironment(environment: Readonly<Record<string, string>>): void {
  let bytes = 0
  for (const [name, value] of Object.entries(environment)) {
    const fault = variableFault(name, value)
    if (fault !== null) {
      throw new AppError("invalid_request", `environment: ${name.slice(0, 128)} ${fault}.`, {
        details: { field: `environment.${name.slice(0, 128)}` },
      })
    }
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value)
  }
  if (bytes > ENVIRONMENT_BYTES_MAX) {
    throw new AppError("too_large", `environment: more than ${ENVIRONMENT_BYTES_MAX / 1024} KiB in all.`)
  }
}

const REF = /^[^\s~^:?*[\\\x00-\x1f\x7f-][^\s~^:?*[\\\x00-\x1f\x7f]*$/

/** User names that hosts want beside a token in the address, and the beginnings of tokens themselves. */
const TOKEN_LIKE = /^(gh[a-z]_|github_pat_|glpat-|gldt-|ATBB|ATCTT|x-access-token$|x-token-auth$|oauth2$)/

/**
 * The repository as it is stored: the same address without the user name that some hosts' buttons put in front.
 * @throws AppError `invalid_request`
 */
export function checkRepository<R extends { readonly url: string; readonly ref?: string }>(repository: R): R {
  const refuse = (field: string, why: string): never => {
    throw new AppError("invalid_request", `${field}: ${why}`, { details: { field } })
  }
  const { url, ref } = repository
  if (/[\s\x00-\x1f\x7f]/.test(url)) {
    refuse("repository.url", "blanks and control characters are not possible; write %20 for a blank.")
  }
  const isWeb = /^https?:\/\//i.test(url) && URL.canParse(url)
  const { username, password } = isWeb ? new URL(url) : { username: "", password: "" }
  if (password !== "" || TOKEN_LIKE.test(username)) {
    refuse(
      "repository.url",
      "leave out the password or token. Link an account for this host in the settings, or an administrator gives the host a token with git.hosts.",
    )
  }
  if (/^-|^[^:]*@-/.test(url) || parseRepository(url) === null || (!isWeb && !/@|^ssh:|^codecommit:/i.test(url))) {
    refuse(
      "repository.url",
      "give the https address of a repository, or its ssh address (git@host:path). A host is a name, not an IPv6 address.",
    )
  }
  if (ref !== undefined && (!REF.test(ref) || ref.includes("..") || ref.includes("@{") || ref.endsWith(".lock"))) {
    refuse("repository.ref", "this is not a branch, a tag or a commit.")
  }
  return { ...repository, url: withoutUserInfo(url) }
}
