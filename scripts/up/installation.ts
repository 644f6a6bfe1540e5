import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { ClusterAccess, ProviderName } from "../../dev/cluster/index.ts"
import { hashText } from "../lib/hash.ts"
import { stateDir } from "../lib/paths.ts"

/** What `up` made, written before it is made, so that `down` finds it whatever interrupted `up`. */
export type Installation = ClusterAccess & {
  provider: ProviderName
  namespace: string
  release: string
  /** Namespaces that were not there before. */
  madeNamespaces: string[]
  /** Secrets and ConfigMaps (`secret/name`) that the namespace did not have before, and that are not Helm's. */
  madeObjects?: string[]
}

type Key = { namespace: string; release: string }

function fileOf(cluster: string, { namespace, release }: Key): string {
  return stateDir("installations", `${cluster}-${namespace}-${release}.json`)
}

/** The name of a cluster in the file names of its installations. */
export function clusterId(provider: ProviderName, context: string | undefined, kubeconfig: string): string {
  return provider === "context" ? `context-${hashText(`${context} ${kubeconfig}`).slice(0, 8)}` : provider
}

/** Reads what is recorded of one installation. */
export function readInstallation(cluster: string, key: Key): Installation | undefined {
  const file = fileOf(cluster, key)
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined
}

/** All recorded installations, with the name of their cluster. */
export function listInstallations(): { cluster: string; installation: Installation }[] {
  const folder = stateDir("installations")
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => {
      const installation: Installation = JSON.parse(readFileSync(join(folder, name), "utf8"))
      return { cluster: clusterId(installation.provider, installation.context, installation.kubeconfig), installation }
    })
}

/** Records an installation. */
export function writeInstallation(cluster: string, installation: Installation): void {
  mkdirSync(stateDir("installations"), { recursive: true })
  writeFileSync(fileOf(cluster, installation), `${JSON.stringify(installation, null, 2)}\n`)
}

/** Forgets an installation, its random values included. */
export function forgetInstallation(cluster: string, key: Key): void {
  rmSync(fileOf(cluster, key), { force: true })
  rmSync(tokensFile(cluster, key), { force: true })
  rmSync(valuesFile(cluster, key), { force: true })
}

/** Where the generated Helm values of one installation are. */
export function valuesFile(cluster: string, { namespace, release }: Key): string {
  return join(stateDir("installations"), `${cluster}-${namespace}-${release}.values.yaml`)
}

/** Where the bootstrap script keeps the random values of one installation. */
export function tokensFile(cluster: string, { namespace, release }: Key): string {
  return join(stateDir("installations"), `${cluster}-${namespace}-${release}.tokens`)
}
