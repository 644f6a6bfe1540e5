import { setTimeout as pause } from "node:timers/promises"
import type { CreateSession } from "../../../control-plane/server/sessions/service-types.ts"
import type { UpResult } from "../../e2e/support/connect.ts"
import { type Client, signIn } from "../../support/client.ts"
import type { Sample } from "../statistics.ts"
import { quietSecond, watchShares } from "../steal.ts"
import { createApi } from "./api.ts"
import { type Bench, bareAgent, sleepingPod } from "./bare.ts"
import { readModel } from "./model.ts"
import { observe } from "./observer.ts"
import { removeSession, runSession } from "./session.ts"

const prompt = "bash: echo hello\nsay: done"
const clones = 3
/** Between two samples: what the one before has left is still being taken down. */
const settle_ms = 3_000

export interface StartResult {
  readonly sleep: readonly Sample[]
  readonly bare: readonly Sample[]
  readonly session: readonly Sample[]
  /** Sessions on the sample repository: what a clone adds. */
  readonly clone: readonly Sample[]
}

/**
 * Measures the start of sessions against bare pods, one of each in turn, nothing made ahead.
 * @param samples of each kind
 * @param say one line of progress
 */
export async function measureStart(
  installation: UpResult,
  samples: number,
  say: (text: string) => void,
): Promise<StartResult> {
  const { url, email, password, kubeconfig, namespace, repository } = installation
  const client = await signIn({ url }, email, password)
  const api = createApi(kubeconfig)
  const sessionNamespace = await sessionNamespaceOf(api, namespace)
  const observer = await observe(api, sessionNamespace)
  try {
    say("warming up: one session, whose pod the bare ones are modelled on")
    const first = await runSession(client, observer, { private: true, initialUserPrompt: prompt })
    const model = await readModel(api, { namespace, sessionNamespace }, first.workload)
    await removeSession(client, first.session.id)
    const bench: Bench = { api, observer, namespace: sessionNamespace, model }
    const result: Record<keyof StartResult, Sample[]> = { sleep: [], bare: [], session: [], clone: [] }
    const take = async (kind: keyof StartResult, measure: () => Promise<Record<string, number>>) => {
      const sample = await measured(measure)
      result[kind].push(sample)
      say(`${kind} ${result[kind].length}: ${describe(sample)}`)
    }
    for (let round = 0; round < samples; round += 1) {
      await take("sleep", () => sleepingPod(bench))
      await take("bare", () => bareAgent(bench, prompt))
      await take("session", () => sessionOnce(client, observer))
    }
    for (let round = 0; round < clones; round += 1) {
      await take("clone", () => sessionOnce(client, observer, { repository: { url: repository } }))
    }
    return result
  } finally {
    observer.close()
  }
}

async function sessionOnce(
  client: Client,
  observer: Bench["observer"],
  more: Pick<CreateSession, "repository"> = {},
): Promise<Record<string, number>> {
  const input = { private: true, initialUserPrompt: prompt, ...more }
  const { points_ms, session } = await runSession(client, observer, input)
  await removeSession(client, session.id)
  return points_ms
}

async function measured(measure: () => Promise<Record<string, number>>): Promise<Sample> {
  await pause(settle_ms)
  const quiet = await quietSecond()
  const shares = watchShares()
  const points_ms = await measure()
  return { quiet, steal: shares().steal, points_ms }
}

function describe({ steal, quiet, points_ms }: Sample): string {
  const points = Object.entries(points_ms).map(([name, time]) => `${name} ${Math.round(time)}`)
  return `${points.join(", ")} ms; steal ${Math.round(steal * 100)} %${quiet ? "" : ", not quiet before"}`
}

async function sessionNamespaceOf(api: ReturnType<typeof createApi>, namespace: string): Promise<string> {
  const selector = encodeURIComponent("app.kubernetes.io/component=session")
  const { items } = (await api.read(`/api/v1/serviceaccounts?labelSelector=${selector}`)) as {
    items: { metadata?: { namespace?: string; labels?: Record<string, string> } }[]
  }
  const namespaces = items.flatMap(({ metadata }) => metadata?.namespace ?? [])
  return namespaces.includes(namespace) ? namespace : (namespaces[0] ?? namespace)
}
