import { isHost, parseRepository } from "../../../../pod-protocol/git-address.ts"
import type { Config } from "../../config/types.ts"
import { AppError } from "../../errors/index.ts"

type GitHosts = NonNullable<NonNullable<Config["file"]["git"]>["hosts"]>

/** What a session was made for. */
interface Own {
  readonly url: string
  readonly submodules: boolean
}

/** What is asked of a host. */
interface Wanted {
  readonly host: string
  readonly repository: string
  readonly service: "git-upload-pack" | "git-receive-pack"
}

/** What a session may do with git hosts, and how they are reached. */
export interface GitPolicy {
  /** Hosts whose addresses the pod sends through the sidecar. */
  hostsOf(repositoryUrl: string | null): string[]
  /**
   * The origin behind a host's name, and whether a credential may be used there: not for a submodule that lies
   * elsewhere than beside the session's own repository.
   * @throws AppError `forbidden`, in words that git shows, when the session may not use this repository.
   */
  authorize(wanted: Wanted, own: Own | null): { origin: URL; withCredential: boolean }
}

/** The policy of the configured hosts (`git.hosts`). */
export function createGitPolicy(configured: GitHosts): GitPolicy {
  const hosts = new Map(Object.entries(configured).map(([host, settings]) => [host.toLowerCase(), settings]))
  return {
    hostsOf(repositoryUrl) {
      const own = repositoryUrl === null ? null : parseRepository(repositoryUrl)
      return [...new Set([...hosts.keys(), ...(own === null ? [] : [own.host])])].sort()
    },
    authorize({ host, repository, service }, session) {
      const own = session === null ? null : parseRepository(session.url)
      if (session === null || own === null) {
        throw new AppError("forbidden", "This session has no repository, so it cannot reach git hosts.")
      }
      const origin = (): URL => new URL(`${hosts.get(host)?.scheme ?? "https"}://${host}`)
      if (isHost(host) && host === own.host && repository === own.path)
        return { origin: origin(), withCredential: true }
      const reads = service === "git-upload-pack" && isHost(host) && (host === own.host || hosts.has(host))
      if (session.submodules && reads) {
        const beside = host === own.host && folderOf(repository) === folderOf(own.path)
        return { origin: origin(), withCredential: beside }
      }
      const remedy = session.submodules
        ? "Other repositories of the configured hosts can be read, as its submodules are, and not be written."
        : "Start a session on that repository to work with it."
      throw new AppError(
        "forbidden",
        `This session may use ${own.host}/${own.path} only, not ${host}/${repository}. ${remedy}`,
      )
    },
  }
}

function folderOf(repository: string): string {
  return repository.slice(0, Math.max(repository.lastIndexOf("/"), 0))
}
