import { AppError } from "../../../errors/index.ts"
import { readKeyFile } from "../../providers/key-files.ts"
import type { GithubApp } from "./github.ts"

/** The configured GitHub App. Its client secret is read from the mounted file for each use: a rotated one counts at once. */
export function readGithubApp(settings: { clientId: string; baseUrl: string; directory: string }): GithubApp {
  const { clientId, baseUrl, directory } = settings
  return {
    clientId,
    baseUrl,
    async clientSecret() {
      const secret = await readKeyFile(directory, "clientSecret")
      if (secret !== null) return secret
      throw new AppError("upstream_refused", "The GitHub App has no client secret yet. Tell the operator.")
    },
  }
}
