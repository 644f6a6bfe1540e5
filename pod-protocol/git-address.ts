/** A repository as everything here compares it: the host (with its port where the address names one) and the plain path. */
export interface RepositoryName {
  readonly host: string
  /** Without slashes at the ends and without `.git`. */
  readonly path: string
}

interface Address {
  readonly scheme: "https" | "http" | "ssh"
  readonly host: string
  /** Of an ssh address, where it names one. */
  readonly sshPort: string
  readonly rawPath: string
}

const HOST = /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?(:\d{1,5})?$/
const SCP_LIKE = /^(?:[^@/\s]+@)?([^:/\s]+):(?!\/\/|:)(.+)$/
const CODECOMMIT = /^codecommit::([a-z0-9-]+):\/\/(?:[^@/\s]+@)?([A-Za-z0-9._-]+)$/

/** Where hosts offer ssh on port 443, and the name that the same repositories have over https. */
const SSH_NAMES: Readonly<Record<string, string>> = {
  "ssh.github.com": "github.com",
  "altssh.bitbucket.org": "bitbucket.org",
  "altssh.gitlab.com": "gitlab.com",
}
const AZURE_SSH = /^(ssh\.dev\.azure\.com|(vs-)?ssh\.visualstudio\.com)$/
/** The default of Bitbucket Data Center, whose https addresses have `/scm/` in front. */
const BITBUCKET_SSH_PORT = "7999"

/**
 * The repository that an address means, in any form git knows: `https://`, `http://`, `ssh://` and `user@host:path`, and
 * `codecommit::region://name`. Null for anything else. The user name and the port of an ssh address do not count: such
 * addresses go over https, where some hosts have another name or path for them.
 */
export function parseRepository(address: string): RepositoryName | null {
  const parsed = read(address)
  if (parsed === null) return null
  const { host, path } = overHttps(parsed)
  const normal = normalPath(path)
  return isHost(host) && normal !== null ? { host, path: normal } : null
}

/**
 * The address in a form that git in a pod understands: as it is where it is one of the usual ones, else as https. Never
 * with a user name or password, which would be a stored credential.
 */
export function plainAddress(address: string): string {
  const parsed = read(address)
  if (parsed === null) return withoutUserInfo(address)
  const { host, path, changed } = overHttps(parsed)
  const usual = /^https?:\/\/[^/@]+\//.test(address) || /^(ssh:\/\/git@|git@[^:]+:[^/])/.test(address)
  if (usual && !changed && address.includes(host) && !/:443\//.test(address)) return address
  const scheme = parsed.scheme === "http" ? "http" : "https"
  return `${scheme}://${host}/${path.replace(/^\/+/, "")}`
}

/** An address as a pod may see it: without a user name and password. */
export function withoutUserInfo(address: string): string {
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) return address
  const url = new URL(address)
  if (url.username === "" && url.password === "") return address
  url.username = ""
  url.password = ""
  return url.href
}

function read(address: string): Address | null {
  if (/^(https?|ssh):\/\//i.test(address)) {
    if (!URL.canParse(address)) return null
    const url = new URL(address)
    const isSsh = url.protocol === "ssh:"
    const host = (isSsh ? url.hostname : url.host).toLowerCase()
    const scheme = isSsh ? "ssh" : url.protocol === "http:" ? "http" : "https"
    return { scheme, host, sshPort: isSsh ? url.port : "", rawPath: url.pathname }
  }
  const [, region, name] = CODECOMMIT.exec(address) ?? []
  if (region !== undefined) {
    const host = `git-codecommit.${region}.amazonaws.com`
    return { scheme: "ssh", host, sshPort: "", rawPath: `/v1/repos/${name}` }
  }
  const [, host, path] = SCP_LIKE.exec(address) ?? []
  if (host === undefined || path === undefined) return null
  return { scheme: "ssh", host: host.toLowerCase(), sshPort: "", rawPath: encodeURI(decodeSafely(path)) }
}

function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Host and path over https; `changed` when they are not those of the ssh address. */
function overHttps({ scheme, host, sshPort, rawPath }: Address): { host: string; path: string; changed: boolean } {
  const same = { host, path: rawPath, changed: false }
  if (scheme !== "ssh") return same
  const other = SSH_NAMES[host]
  if (other !== undefined) return { host: other, path: rawPath, changed: true }
  if (AZURE_SSH.test(host)) {
    const [, organization, project, repository] = /^\/?v3\/([^/]+)\/([^/]+)\/([^/]+?)\/?$/.exec(rawPath) ?? []
    if (organization === undefined) return { ...same, path: "" }
    return { host: "dev.azure.com", path: `${organization}/${project}/_git/${repository}`, changed: true }
  }
  if (sshPort === BITBUCKET_SSH_PORT && !/^\/scm\//i.test(rawPath)) {
    return { host, path: `scm/${rawPath.replace(/^\/+/, "")}`, changed: true }
  }
  return same
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
