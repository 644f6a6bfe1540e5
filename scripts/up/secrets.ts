import { randomBytes } from "node:crypto"
import { join } from "node:path"
import type { ClusterTools, Kubectl } from "../../dev/cluster/index.ts"
import { restricted } from "../../dev/demo/manifests.ts"
import { repositoryRoot } from "../lib/paths.ts"
import type { Options } from "./options.ts"

/** The Secret with the keys of model providers, by provider id. */
export const providerKeysSecret = "berth-provider-keys"

/** Makes a namespace that enforces Pod Security "restricted". */
export async function makeNamespace(kubectl: Kubectl, name: string): Promise<void> {
  await apply(kubectl, [{ apiVersion: "v1", kind: "Namespace", metadata: { name, labels: restricted } }])
}

/** Server-side apply of manifests; what they hold goes through a pipe and into no log. */
export async function apply(kubectl: Kubectl, manifests: object[]): Promise<void> {
  const list = { apiVersion: "v1", kind: "List", items: manifests }
  const args = ["apply", "--server-side", "--force-conflicts", "--field-manager=berth-up", "-f", "-"]
  await kubectl(args, { input: JSON.stringify(list) })
}

/** One value of a Secret; `undefined` when there is none. */
export async function readSecret(kubectl: Kubectl, namespace: string, name: string, key: string) {
  const args = ["-n", namespace, "get", "secret", name, "--ignore-not-found", "-o", "json"]
  const text = await kubectl(args, { quiet: true })
  if (text.trim() === "") return undefined
  const secret: { data?: Record<string, string> } = JSON.parse(text)
  const value = secret.data?.[key]
  return value === undefined ? undefined : Buffer.from(value, "base64").toString("utf8")
}

/** Runs the bootstrap script: the Secrets that the chart needs, made once and then left alone. */
export async function bootstrapSecrets(tools: ClusterTools, options: Options, tokensFile: string): Promise<void> {
  const { namespace, release, context } = options
  const script = join(repositoryRoot, "scripts/k8s-bootstrap.sh")
  const args = [script, "--apply", "--namespace", namespace, "--release", release, "--create-namespace"]
  await tools.other("bash", [...args, ...(context ? ["--context", context] : [])], {
    env: { BERTH_TOKENS_FILE: tokensFile },
    hint: "the lines above say which Secret could not be made; check your permissions in the namespace",
  })
}

/** Puts keys of model providers into their Secret; other keys in it stay. */
export async function storeProviderKeys(
  kubectl: Kubectl,
  namespace: string,
  keys: Record<string, string>,
): Promise<void> {
  if (Object.keys(keys).length === 0) return
  const metadata = { name: providerKeysSecret, namespace }
  await apply(kubectl, [{ apiVersion: "v1", kind: "Secret", type: "Opaque", metadata, stringData: keys }])
}

/** The demo model's key: the one in use, else a fresh one. */
export async function demoKey(kubectl: Kubectl, namespace: string): Promise<string> {
  return (await readSecret(kubectl, namespace, providerKeysSecret, "demo")) ?? `demo-${randomBytes(18).toString("hex")}`
}
