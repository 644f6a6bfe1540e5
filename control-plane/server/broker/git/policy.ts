import type { Config } from "../../config/types.ts"
import { AppError } from "../../errors/index.ts"
import { isHost, parseRepository } from "./repository.ts"

type GitHosts = NonNullable<NonNullable<Config["file"]["git"]>["hosts"]>

/** What a session may do with git hosts, and how they are reached. */
export interface GitPolicy {
  /** Hosts whose addresses the pod sends through the sidecar. */
  hostsOf(repositoryUrl: string | null): string[]
  /**
   * The origin behind a host's name.
   * @throws AppError `forbidden`, in words that git shows, when the session may not use this repository.
   */
  authorize(host: string, repository: string, sessionRepositoryUrl: string | null): URL
}

/** The policy of the configured hosts (`git.hosts`). */
export function createGitPolicy(configured: GitHosts): GitPolicy {
  const hosts = new Map(Object.entries(configured).map(([host, settings]) => [host.toLowerCase(), settings]))
  return {
    hostsOf(repositoryUrl) {
      const own = repositoryUrl === null ? null : parseRepository(repositoryUrl)
      return [...new Set([...hosts.keys(), ...(own === null ? [] : [own.host])])].sort()
    },
    authorize(host, repository, sessionRepositoryUrl) {
      const own = sessionRepositoryUrl === null ? null : parseRepository(sessionRepositoryUrl)
      if (own === null) throw new AppError("forbidden", "This session has no repository, so it cannot reach git hosts.")
      if (!isHost(host) || host !== own.host || repository !== own.path) {
        throw new AppError(
          "forbidden",
          `This session may use ${own.host}/${own.path} only, not ${host}/${repository}. ` +
            "Start a session on that repository to work with it.",
        )
      }
      return new URL(`${hosts.get(host)?.scheme ?? "https"}://${host}`)
    },
  }
}
