import { normalPath } from "../../../../pod-protocol/git-address.ts"

const SERVICES = ["git-upload-pack", "git-receive-pack"] as const
type Service = (typeof SERVICES)[number]

/** One request of git's smart HTTP protocol (gitprotocol-http), and nothing else that a git host answers. */
export interface GitOperation {
  readonly service: Service
  readonly advertisement: boolean
  /** For comparing with the session's repository. */
  readonly repository: string
  /** The path as the client wrote it, up to the repository's end; hosts differ in whether they want `.git`. */
  readonly prefix: string
  /** What follows the prefix, with the query. */
  readonly suffix: string
}

/** Reads method, path (behind the host, with a leading slash) and query. Null when it is no such request. */
export function readOperation(method: string, pathname: string, search: URLSearchParams): GitOperation | null {
  if (method === "GET" && pathname.endsWith("/info/refs")) {
    const service = SERVICES.find((name) => name === search.get("service"))
    if (service === undefined || search.size !== 1) return null
    return operation(service, true, pathname.slice(0, -"/info/refs".length), `/info/refs?service=${service}`)
  }
  const service = SERVICES.find((name) => pathname.endsWith(`/${name}`))
  if (method !== "POST" || service === undefined || search.size !== 0) return null
  return operation(service, false, pathname.slice(0, -(service.length + 1)), `/${service}`)
}

function operation(service: Service, advertisement: boolean, prefix: string, suffix: string): GitOperation | null {
  const repository = isPathOfHost(prefix) ? normalPath(prefix) : null
  return repository === null ? null : { service, advertisement, repository, prefix, suffix }
}

/** False for `//name/…`: written behind a scheme, that is another host. */
export function isPathOfHost(path: string): boolean {
  return /^\/[^/\\]/.test(path)
}

/** The address of a request at its host: whatever `prefix` holds, it is a path there and nothing else. */
export function addressOf(origin: URL, prefix: string, suffix: string): URL {
  return new URL(origin.origin + prefix + suffix)
}
