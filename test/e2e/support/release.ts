import { writeFileSync } from "node:fs"
import { join } from "node:path"
import type { V1PersistentVolume, V1Pod } from "@kubernetes/client-node"
import { stringify } from "yaml"
import { chooseNodePort } from "../../../dev/cluster/index.ts"
import { restricted } from "../../../dev/demo/manifests.ts"
import { ensureTools } from "../../../dev/tools/index.ts"
import { repositoryRoot } from "../../../scripts/lib/paths.ts"
import { createRun } from "../../../scripts/lib/run.ts"
import { until } from "../../../scripts/lib/wait.ts"
import type { Installation } from "./installation.ts"

const release = "berth"
const chart = join(repositoryRoot, "chart")
const gone_timeout_ms = 240_000
const answer_timeout_ms = 120_000
/** Connections of their own. */
const in_a_row = 10

/** A release of the chart in a namespace of its own, which runs the images of the installation under test. */
export interface Release {
  readonly namespace: string
  /** Values with nothing but image coordinates and the node port. */
  readonly coordinates: object
  /** Where the control plane answers, once it is installed: `host:port` of this machine. */
  readonly address: string
  /** `helm upgrade --install … --wait` of the chart. @param helm another Helm than the built one */
  install(values: readonly object[], helm?: string): Promise<void>
  /** Waits until nothing answers but the pods of the last install, upgrade or rollback. `install` has done so. */
  isSettled(): Promise<void>
  /** Any command of Helm about this release: the verb, then its other arguments. */
  helm(verb: string, args?: readonly string[], helm?: string): Promise<string>
  kubectl(...args: string[]): Promise<string>
  /** One value of a Secret of the namespace. */
  secret(name: string, key: string): Promise<string>
  /** Removes the namespace and waits until its volumes are gone too. */
  remove(): Promise<void>
}

/**
 * Makes the namespace, empty and under Pod Security "restricted"; what a killed run has left there goes first.
 * @param directory where values files may be written
 */
export async function openRelease(installation: Installation, namespace: string, directory: string): Promise<Release> {
  const { kube, kubeconfig, url } = installation
  const built = (await ensureTools(["helm"])).helm
  const run = createRun(() => {})
  const helm: Release["helm"] = (verb, args = [], program = built) =>
    run(program, [verb, release, "--namespace", namespace, ...args], { env: { KUBECONFIG: kubeconfig } })
  const images = await imagesOf(installation)
  await removeNamespace(installation, namespace)
  const nodePort = await chooseNodePort(kube.kubectl, namespace, release)
  // The last step that can fail: who gets no release has none to remove.
  await kube.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels: restricted } })
  const kubectl = (...args: string[]) => kube.kubectl(["--namespace", namespace, ...args])
  const address = `${new URL(url).hostname}:${nodePort}`
  const isSettled = async () => {
    // Helm does not wait for the pods that are replaced, and those answer as they were configured. It may even be back
    // before they are told to end.
    await kubectl("rollout", "status", `deployment/${release}`, `--timeout=${gone_timeout_ms / 1_000}s`)
    const pods = async () => (JSON.parse(await kubectl("get", "pods", "-o", "json")) as { items: V1Pod[] }).items
    const replaced = async () => (await pods()).every(({ metadata }) => metadata?.deletionTimestamp === undefined)
    await until("the replaced pods being gone", replaced, { timeout_ms: gone_timeout_ms })
    await until(`answers from ${address}`, () => answersInARow(address), { timeout_ms: answer_timeout_ms })
  }
  return {
    namespace,
    coordinates: { ...images, service: { type: "NodePort", nodePort } },
    address,
    install: async (values, program) => {
      const files = values.flatMap((value, index) => {
        const file = join(directory, `values-${index}.yaml`)
        writeFileSync(file, stringify(value))
        return ["--values", file]
      })
      const wait = ["--wait", "--timeout", "8m"]
      await helm("upgrade", [chart, "--install", "--create-namespace", ...files, ...wait], program)
      await isSettled()
    },
    isSettled,
    helm,
    kubectl,
    secret: async (name, key) => {
      const { data } = JSON.parse(await kubectl("get", "secret", name, "-o", "json")) as {
        data: Record<string, string>
      }
      return Buffer.from(data[key] ?? "", "base64").toString("utf8")
    },
    remove: () => removeNamespace(installation, namespace),
  }
}

/**
 * The node's port leads to pods a moment after they are ready, and away from those that are gone a moment after that: one
 * connection of several may still lead nowhere. Any answer will do.
 */
async function answersInARow(address: string): Promise<true> {
  for (let count = 0; count < in_a_row; count += 1) {
    const limit = AbortSignal.timeout(answer_timeout_ms / in_a_row)
    const answer = await fetch(`http://${address}`, { headers: { connection: "close" }, signal: limit })
    await answer.arrayBuffer()
  }
  return true
}

interface WithImage {
  readonly image?: object
}

/** The image coordinates that the installation under test was given, and nothing else of its values. */
async function imagesOf({ kubeconfig, namespace }: Installation): Promise<object> {
  const { helm } = await ensureTools(["helm"])
  const args = ["get", "values", release, "--namespace", namespace, "--output", "json"]
  const values = JSON.parse(await createRun(() => {})(helm, args, { env: { KUBECONFIG: kubeconfig } })) as Record<
    string,
    WithImage
  >
  const components = ["controlPlane", "dataPlane", "dataPlaneInit", "authHelpers", "postgresql"]
  const images = components.flatMap((name) => {
    const image = values[name]?.image
    return image ? [[name, { image }] as const] : []
  })
  return { registry: values.registry, ...Object.fromEntries(images) }
}

async function removeNamespace({ kube }: Installation, namespace: string): Promise<void> {
  await kube.kubectl(["delete", "namespace", namespace, "--ignore-not-found", "--wait", "--timeout=480s"])
  const volumes = async () =>
    (await kube.list<V1PersistentVolume>("persistentvolumes")).filter(
      ({ spec }) => spec?.claimRef?.namespace === namespace,
    )
  await until("the volumes being gone", async () => (await volumes()).length === 0, { timeout_ms: gone_timeout_ms })
}
