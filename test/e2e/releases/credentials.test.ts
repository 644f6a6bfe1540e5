import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { V1Pod } from "@kubernetes/client-node"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { SessionView } from "../../../control-plane/server/sessions/service-types.ts"
import { until } from "../../../scripts/lib/wait.ts"
import { inOrder } from "../../support/in-order.ts"
import { removeScratch, scratchDirectory } from "../../support/scratch.ts"
import { createCleanup } from "../support/cleanup.ts"
import {
  type GuardedRelease,
  newSecret,
  openGuardedRelease,
  putProvider,
  vertexHelper,
} from "../support/guarded-release.ts"
import { type Installation, openInstallation } from "../support/installation.ts"
import { hasAnswered, hasStatus, outputsOf } from "../support/session.ts"

// Credentials and helpers that change while a session's agent runs. What counts is what arrives at the provider, and that
// the agent has not been started again.

const namespace = "berth-e2e-credentials"
const bedrock = "#!/bin/sh\necho a-token-for-bedrock\n"
/** The kubelet looks at mounted objects once a minute, and when a pod changes. */
const refresh_timeout_ms = 300_000

inOrder()
const cleanup = createCleanup()
let installation: Installation
let guarded: GuardedRelease
let session: SessionView
let started: object
beforeAll(async () => {
  installation = await openInstallation()
  guarded = await openGuardedRelease(installation, namespace, cleanup, { "fetch-bedrock-token": bedrock })
  session = await runningSession()
  started = await startsOf(session)
})
afterAll(cleanup.run)

test("a provider's key that is replaced through the API is in the agent's next request", async () => {
  const { client, hosts, models, secrets } = guarded
  expect(await keyOfTurn("first")).toBe(`Bearer ${secrets.providerKey}`)
  for (const turn of ["second", "third"]) {
    const key = newSecret(turn)
    await putProvider(client, hosts.models, "demo", key)
    models.accept({ demo: key })
    expect(await keyOfTurn(turn)).toBe(`Bearer ${key}`)
  }
  expect(await startsOf(session)).toEqual(started)
})

test("a provider's key that is replaced in its Secret is used as soon as the kubelet has brought it", async () => {
  const { client, models, release } = guarded
  const key = newSecret("rotated")
  await client.send("DELETE", "/api/providers/demo")
  models.accept({ demo: key })
  await secret("provider-keys", { demo: key })
  await hurry(release, "app.kubernetes.io/component=control-plane")
  await until(
    "the new key being in force",
    async () => ((await client.send("POST", "/api/providers/demo/test")) as { ok: boolean }).ok,
    { timeout_ms: refresh_timeout_ms },
  )
  expect(await keyOfTurn("fourth")).toBe(`Bearer ${key}`)
  expect(await startsOf(session)).toEqual(started)
})

test("a helper that is added to the ConfigMap serves the running session, and a new one says so when it starts", async () => {
  const { client, models, release, secrets } = guarded
  models.accept({ ...(await acceptedDemo()), vertex: secrets.helperToken })
  expect(await vertexModels()).toContain("the auth helper fetch-vertex-token is not in /opt/berth/auth-helpers")

  const folder = scratchDirectory("helpers")
  cleanup.add(() => removeScratch(folder))
  const helpers = join(folder, "auth-helpers")
  mkdirSync(helpers)
  writeFileSync(join(helpers, "fetch-bedrock-token"), bedrock)
  writeFileSync(join(helpers, "fetch-vertex-token"), vertexHelper)
  const packing = ["create", "configmap", "auth-helpers", `--from-file=${helpers}/`, "--dry-run=client", "-o", "json"]
  await installation.kube.apply(JSON.parse(await release.kubectl(...packing)) as object)
  await hurry(release, `berth.dev/session=${session.id}`)
  await until("the helper being there", async () => (await vertexModels()).includes('"object":"list"'), {
    timeout_ms: refresh_timeout_ms,
    every_ms: 1_000,
  })
  expect(await throughVertex("by the helper")).toContain("by the helper")
  expect(lastOf("vertex")).toMatchObject({ headers: { authorization: `Bearer ${secrets.helperToken}` } })
  expect(await startsOf(session)).toEqual(started)

  const next = await runningSession()
  const line = "berth: user-settings.json present=true; auth-helpers=[fetch-bedrock-token,fetch-vertex-token]"
  const logs = ["logs", await podNameOf(next), "-c", "agent"]
  await until("the start-up line", async () => (await release.kubectl(...logs)).split("\n").includes(line), {
    timeout_ms: 60_000,
  })
  const details = await until(
    "the helpers in the details",
    async () => (await client.get(next.id)).helpers ?? undefined,
    {
      timeout_ms: 120_000,
    },
  )
  expect(details).toEqual({ settingsPresent: true, names: ["fetch-bedrock-token", "fetch-vertex-token"] })
  await client.remove(next.id)
})

test("a token that the provider does not take any more is fetched anew from a replaced Secret", async () => {
  const { models, release } = guarded
  const token = newSecret("next")
  models.accept({ ...(await acceptedDemo()), vertex: token })
  await secret("vertex-credential", { token })
  await hurry(release, `berth.dev/session=${session.id}`)
  await until("the new token being used", async () => (await vertexModels()).includes('"object":"list"'), {
    timeout_ms: refresh_timeout_ms,
    every_ms: 1_000,
  })
  expect(await throughVertex("by the new token")).toContain("by the new token")
  expect(lastOf("vertex")).toMatchObject({ headers: { authorization: `Bearer ${token}` } })
  expect(await startsOf(session)).toEqual(started)
})

async function runningSession(): Promise<SessionView> {
  const { id } = await guarded.client.create({ private: true, profile: "vertex" })
  return await hasStatus(guarded.client, id, "running")
}

/** Lets the agent have a turn; answers which key the provider got for it. */
async function keyOfTurn(words: string): Promise<string | undefined> {
  const { client } = guarded
  await client.prompt(session.id, `say: ${words}`)
  await hasAnswered(client, session.id, words)
  return lastOf("demo")?.headers.authorization
}

/** The last request that a provider got. */
function lastOf(provider: string) {
  return guarded.models.arrivals.findLast(({ url }) => url.startsWith(`/${provider}/`))
}

/** What the provider `vertex`, or whoever stands in the way, answers to the session's pod. */
async function vertexModels(): Promise<string> {
  const ask = ["exec", await podNameOf(session), "-c", "agent", "--", "curl", "-s", "-m", "60"]
  return await guarded.release.kubectl(...ask, "http://127.0.0.1:7070/llm/vertex/models")
}

let vertexTurns = 0

/** Asks the running OpenCode for a turn with the provider `vertex`; answers what it says. */
async function throughVertex(words: string): Promise<string> {
  const { client } = guarded
  const ask = `curl -s -m 90 -u "opencode:$OPENCODE_SERVER_PASSWORD" -H 'content-type: application/json'`
  const at = "http://127.0.0.1:4096/session"
  const turn = JSON.stringify({
    model: { providerID: "vertex", modelID: "demo" },
    parts: [{ type: "text", text: `say: ${words}` }],
  })
  vertexTurns += 1
  const command = `id=$(${ask} -d '{}' '${at}?directory=/workspace/repo' | jq -r .id); ${ask} -d '${turn}' "${at}/$id/message?directory=/workspace/repo" | jq -c '.parts, .info.error'; `
  await client.prompt(session.id, `bash: ${command}\nsay: asked ${vertexTurns} times`)
  return outputsOf(await hasAnswered(client, session.id, `asked ${vertexTurns} times`), "bash").at(-1) ?? ""
}

/** The key that is in the Secret of the provider `demo` now. */
async function acceptedDemo(): Promise<{ demo: string }> {
  return { demo: await guarded.release.secret("provider-keys", "demo") }
}

async function secret(name: string, stringData: Record<string, string>): Promise<void> {
  await installation.kube.apply({ apiVersion: "v1", kind: "Secret", metadata: { namespace, name }, stringData })
}

/** A change of a pod makes the kubelet look at its volumes at once. */
async function hurry(release: GuardedRelease["release"], selector: string): Promise<void> {
  await release.kubectl("annotate", "pods", "-l", selector, "--overwrite", `example.com/looked-at=${Date.now()}`)
}

async function podOf({ id }: SessionView): Promise<V1Pod> {
  const [pod] = await installation.kube.list<V1Pod>("pods", `berth.dev/session=${id}`)
  if (pod === undefined) throw new Error("the session has no pod")
  return pod
}

async function podNameOf(one: SessionView): Promise<string> {
  return (await podOf(one)).metadata?.name ?? ""
}

/** Which pod it is and since when each of its containers runs. */
async function startsOf(one: SessionView): Promise<object> {
  const { metadata, status } = await podOf(one)
  const containers = status?.containerStatuses?.map(({ name, state, restartCount }) => ({
    name,
    restartCount,
    since: state?.running?.startedAt,
  }))
  return { uid: metadata?.uid, containers }
}
