import type { V1Pod } from "@kubernetes/client-node"
import { expect, test } from "vitest"
import type { KubernetesObject } from "../chart/support/objects.ts"
import { CLOSED, mistakes, OPEN, peersAround } from "../chart/support/reach.ts"
import { mutantsOf } from "../chart/support/weaken.ts"
import { openInstallation } from "./support/installation.ts"
import { deleteAndSeeItGone, hasStatus } from "./support/session.ts"

// A cluster for trying out does not enforce policies. So the policies that its API server holds are evaluated over the
// pods that run in it, with the labels that they have there.
test("the policies in the cluster let pods reach what they need and nothing else, and each part of them counts", async () => {
  const installation = await openInstallation()
  const { client, kube, namespace } = installation
  const { id } = await client.create({ private: true })
  await hasStatus(client, id, "running")
  const [policies, pods] = await Promise.all([kube.list<KubernetesObject>("networkpolicies"), kube.list<V1Pod>("pods")])
  const pod = (selects: (labels: Record<string, string>) => boolean, where?: string) => {
    const found = pods.find(
      ({ metadata }) =>
        metadata?.deletionTimestamp === undefined &&
        (where === undefined || metadata?.namespace === where) &&
        selects(metadata?.labels ?? {}),
    )
    if (found === undefined) throw new Error("a pod is missing")
    return { namespace: found.metadata?.namespace ?? "", labels: found.metadata?.labels ?? {} }
  }
  const component = (name: string) => pod((labels) => labels["app.kubernetes.io/component"] === name, namespace)
  const session = pod((labels) => labels["berth.dev/session"] === id)
  const peers = peersAround({
    controlPlane: component("control-plane"),
    postgresql: component("postgresql"),
    session,
    dns: pod((labels) => labels["k8s-app"] === "kube-dns", "kube-system"),
  })
  const own = policies.filter(({ metadata }) => [namespace, session.namespace].includes(metadata.namespace ?? ""))
  expect(mistakes(own, peers)).toEqual([])
  const mutants = mutantsOf(own)
  expect(mutants.filter((mutant) => mistakes(mutant.policies, peers).length === 0).map(({ name }) => name)).toEqual([])
  console.log(
    `${OPEN.length} connections are open, ${CLOSED.length} closed; ${mutants.length} weaker policies were noticed`,
  )
  await deleteAndSeeItGone(installation, id)
})
