import { inject } from "vitest"
import { createRun } from "../../../scripts/lib/run.ts"
import { until } from "../../../scripts/lib/wait.ts"
import { ensureTools } from "../../../scripts/tools/index.ts"
import { type Client, signIn } from "../../support/client.ts"
import { createControlPlane } from "./control-plane.ts"
import { createKube } from "./kube.ts"
// Brings the type of what `inject` answers.
import type {} from "./setup.ts"

/** The installation under test: signed in, with an administrator's view of its cluster. */
export async function openInstallation() {
  const { url, email, password, kubeconfig, namespace, repository } = inject("installation")
  const { kubectl } = await ensureTools(["kubectl"])
  const run = createRun(() => {})
  const kube = createKube((args, options) => run(kubectl, args, { ...options, env: { KUBECONFIG: kubeconfig } }))
  const controlPlane = createControlPlane(kube, namespace)
  // Another test may have killed the control plane a moment ago.
  const client = await until("signing in", () => signIn({ url }, email, password), { timeout_ms: 120_000 })
  return {
    ...{ url, email, password, kubeconfig, namespace, repository, kube, controlPlane, client },
    /** A client of each replica, in the order of their names. */
    replicas: async (): Promise<Client[]> =>
      (await controlPlane.ready()).map(({ address }) => client.at(`${address}:8080`)),
  }
}

export type Installation = Awaited<ReturnType<typeof openInstallation>>
