/** A repository as the gateway compares it: the host (with its port where the address names one) and the plain path. */
export interface RepositoryName {
  readonly host: string
  /** Without slashes at the ends and without `.git`. */
  readonly path: string
}

const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/
const SCP_LIKE = /^(?:[^@/\s]+@)?([^:/\s]+):(?!\/\/|:)(.+)$/

/**
 * The repository that an address means, in any form git knows: `https://`, `http://`, `ssh://` and `git@host:path`.
 * Null for anything else. The port of an ssh address is not part of the host: such addresses go over https.
 */
export function parseRepository(address: string): RepositoryName | null {
  if (/^(https?|ssh):\/\//i.test(address)) {
    if (!URL.canParse(address)) return null
    const url = new URL(address)
    const host = (url.protocol === "ssh:" ? url.hostname : url.host).toLowerCase()
    return nameOf(host, url.pathname)
  }
  const [, host, path] = SCP_LIKE.exec(address) ?? []
  return host === undefined || path === undefined ? null : nameOf(host.toLowerCase(), path)
}

/** An address as a pod may see it: without a user name and password, which would be a stored credential. */
export function withoutUserInfo(address: string): string {
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) return address
  const url = new URL(address)
  if (url.username === "" && url.password === "") return address
  url.username = ""
  url.password = ""
  return url.href
}

function nameOf(host: string, rawPath: string): RepositoryName | null {
  const path = normalPath(rawPath)
  return isHost(host) && path !== null ? { host, path } : null
}

/** True for a host name with or without a port, in lower case; IPv6 literals are not taken. */
export function isHost(host: string): boolean {
  return HOST.test(host) && !host.includes("..")
}

/** A repository's path in one form for comparing; null when it has parts that could mean another repository. */
export function normalPath(rawPath: string): string | null {
  let decoded: string
  try {
    decoded = decodeURIComponent(rawPath)
  } catch {
    return null
  }
  const path = decoded.replace(/^\/+|\/+$/g, "").replace(/\.git$/, "")
  const segments = path.split("/")
  const odd = segments.some((segment) => segment === "" || segment === "." || segment === "..")
  return odd || /[\0-\x1f\x7f\\%?#]/.test(path) ? null : path
}
