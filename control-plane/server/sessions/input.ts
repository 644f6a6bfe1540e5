import { variableFault } from "../../../auth-helpers/protocol/environment.ts"
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

const SCP_LIKE = /^[A-Za-z0-9_][A-Za-z0-9_.-]*@([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]):[^\s:/][^\s]*$/
const REF = /^[^\s~^:?*[\\\x00-\x1f\x7f-][^\s~^:?*[\\\x00-\x1f\x7f]*$/

/** @throws AppError `invalid_request` */
export function checkRepository(repository: { readonly url: string; readonly ref?: string }): void {
  const refuse = (field: string, why: string): never => {
    throw new AppError("invalid_request", `${field}: ${why}`, { details: { field } })
  }
  const { url, ref } = repository
  if (/[\s\x00-\x1f\x7f]/.test(url)) refuse("repository.url", "blanks and control characters are not possible.")
  if (!SCP_LIKE.test(url)) {
    const parsed = URL.canParse(url)
      ? new URL(url)
      : refuse("repository.url", "give an https, ssh or git@host:path address.")
    if (!["https:", "http:", "ssh:"].includes(parsed.protocol)) {
      refuse("repository.url", "give an https, ssh or git@host:path address.")
    }
    if (parsed.password !== "" || (parsed.username !== "" && parsed.protocol !== "ssh:")) {
      refuse("repository.url", "leave out user and password: link an account for this host instead.")
    }
    if (parsed.hostname === "" || parsed.pathname.length < 2) refuse("repository.url", "host or path is missing.")
  }
  if (ref !== undefined && (!REF.test(ref) || ref.includes("..") || ref.includes("@{") || ref.endsWith(".lock"))) {
    refuse("repository.ref", "this is not a branch, a tag or a commit.")
  }
}
