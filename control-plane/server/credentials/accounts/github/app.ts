import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Secret } from "../../../crypto/index.ts"
import { AppError } from "../../../errors/index.ts"
import { readKeyFile } from "../../providers/key-files.ts"

/** A GitHub App, as `github.app` names it. Secrets are read anew for each use, so that a replaced one counts at once. */
export interface GithubApp {
  /** Numeric. */
  readonly id: string
  /** The end of its public page's address (on GHE.com with its owner); empty when it is not known. */
  readonly slug: string
  readonly clientId: string
  /** `https://github.com`, or the address of a GitHub Enterprise Server. */
  readonly baseUrl: string
  /** @throws AppError `upstream_refused` when there is none */
  readonly clientSecret: () => Promise<Secret>
  /** PEM; null when there is none. */
  readonly privateKey: () => Promise<Secret | null>
  /** Null when there is none. */
  readonly webhookSecret: () => Promise<Secret | null>
}

/** The configured GitHub App, with its secrets from the mounted files. */
export function readGithubApp(
  settings: Pick<GithubApp, "id" | "slug" | "clientId" | "baseUrl"> & { directory: string },
): GithubApp {
  const { directory, ...names } = settings
  return {
    ...names,
    async clientSecret() {
      const secret = await readKeyFile(directory, "clientSecret")
      if (secret !== null) return secret
      throw new AppError("upstream_refused", "The GitHub App has no client secret yet. Tell the operator.")
    },
    privateKey: () => readPem(join(directory, "privateKey")),
    webhookSecret: () => readKeyFile(directory, "webhookSecret"),
  }
}

async function readPem(file: string): Promise<Secret | null> {
  try {
    const text = (await readFile(file, "utf8")).trim()
    return text === "" ? null : new Secret(text)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null
    throw error
  }
}
