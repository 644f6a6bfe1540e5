import { ensureTools } from "../../../dev/tools/index.ts"
import { createRun } from "../../../scripts/lib/run.ts"
import { until } from "../../../scripts/lib/wait.ts"
import { signIn } from "../../support/client.ts"
import { createControlPlane } from "./control-plane.ts"
import { createKube } from "./kube.ts"

/** What `npm run up -- --json` prints as its last line. */
export interface UpResult {
  readonly url: string
  readonly email: string
  readonly password: string
  readonly kubeconfig: string
  readonly namespace: string
  /** Clone URL of the sample repository. */
  readonly repository: string
}

/** @param printed what `npm run up -- --json` has printed */
export function readUpResult(printed: string): UpResult {
  return JSON.parse(printed.trimEnd().split("\n").at(-1) ?? "") as UpResult
}

/** Signs in to an installation and opens an administrator's view of its cluster. */
export async function connectTo({ url, email, password, kubeconfig, namespace }: UpResult) {
  const { kubectl } = await ensureTools(["kubectl"])
  const run = createRun(() => {})
  const kube = createKube((args, options) => run(kubectl, args, { ...options, env: { KUBECONFIG: kubeconfig } }))
  const controlPlane = createControlPlane(kube, namespace)
  // Another test may have killed the control plane a moment ago.
  const client = await until("signing in", () => signIn({ url }, email, password), { timeout_ms: 120_000 })
  return { kube, controlPlane, client }
}
