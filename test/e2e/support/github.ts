import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { ensureSampleRepository } from "../../../dev/demo/git/repository.ts"
import { createGitServer } from "../../../dev/demo/git/server.ts"
import { repositoryRoot } from "../../../scripts/lib/paths.ts"
import { APP } from "../../support/accounts/github-grants.ts"
import { privateRepository } from "../../support/accounts/github-repositories.ts"
import { createGithubShape, type GithubShape } from "../../support/accounts/github-server.ts"
import { type Listening, serveTls, type TlsFiles } from "./host-services.ts"

export { deliveryOf } from "../../support/accounts/github-server.ts"

/** A GitHub Enterprise Server on this machine: web, API and git, over TLS. */
export interface Github extends Listening, Omit<GithubShape, "handler"> {
  /** Runs git in a bare repository. */
  git(repository: string, ...args: string[]): string
}

/** Keys of the Secret `github.app.existingSecret`, and the other values of the app. */
export const githubApp = {
  secret: { clientSecret: APP.clientSecret, privateKey: APP.privateKey, webhookSecret: APP.webhookSecret },
  values: { id: APP.id, slug: APP.slug, clientId: APP.clientId },
}

/** @param people who may push to the private repositories `names`, by login */
export async function startGithub(options: {
  tls: TlsFiles
  address: string
  directory: string
  names: readonly string[]
  people: readonly string[]
}): Promise<Github> {
  const { tls, address, directory, names, people } = options
  const backend = createGitServer({ root: directory, log: () => {} })
  const { handler, ...shape } = createGithubShape({ git: (...exchange) => void backend.emit("request", ...exchange) })
  const pathOf = (name: string) => join(directory, `${name}.git`)
  for (const name of names) {
    ensureSampleRepository(pathOf(name), join(repositoryRoot, "dev", "demo", "sample"))
    shape.repositories.set(name, privateRepository(Object.fromEntries(people.map((login) => [login, "write"]))))
  }
  return {
    ...shape,
    ...(await serveTls(tls, address, handler)),
    git: (name, ...args) => execFileSync("git", ["--git-dir", pathOf(name), ...args], { encoding: "utf8" }).trim(),
  }
}

/** What lets the control plane trust an authority of the test's: the ConfigMap `authority` has to be there. */
export const trustAuthority = {
  deployment: { extraEnv: [{ name: "NODE_EXTRA_CA_CERTS", value: "/etc/authority/ca.crt" }] },
  extraVolumes: [{ name: "authority", configMap: { name: "authority" } }],
  extraVolumeMounts: [{ name: "authority", mountPath: "/etc/authority", readOnly: true }],
}

/** The text of a certificate, for that ConfigMap. */
export function authorityText({ certFile }: { readonly certFile: string }): string {
  return readFileSync(certFile, "utf8")
}
