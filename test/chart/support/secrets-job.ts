import { KubeConfig } from "@kubernetes/client-node"
import type { Dependencies } from "../../../secrets-job/ensure.ts"
import { clusterOf } from "../../../secrets-job/objects.ts"
import { type Plan, parsePlan } from "../../../secrets-job/plan.ts"
import type { ApiServer } from "../../support/apiserver.ts"
import { containersOf, type KubernetesObject, podsOf } from "./objects.ts"

/** The plan that the chart hands to the secrets Job. */
export function planOf(objects: readonly KubernetesObject[]): Plan {
  const env = podsOf(objects)
    .filter(({ kind }) => kind === "Job")
    .flatMap(containersOf)
    .flatMap((one) => one.env ?? [])
  return parsePlan(env.find(({ name }) => name === "BERTH_SECRETS_PLAN")?.value)
}

/** What the Job's program works with, as the Job's own account. It does not wait. */
export async function asJob(server: ApiServer, namespace: string, say: (line: string) => void): Promise<Dependencies> {
  const token = (await server.kubectl(["create", "token", "berth-secrets", "-n", namespace])).trim()
  const config = new KubeConfig()
  config.loadFromOptions({
    clusters: [{ name: "test", server: server.url, caData: Buffer.from(server.ca).toString("base64") }],
    users: [{ name: "job", token }],
    contexts: [{ name: "job", cluster: "test", user: "job" }],
    currentContext: "job",
  })
  return { ...clusterOf(config), now: () => new Date(), sleep: async () => {}, say }
}
