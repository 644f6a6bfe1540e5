import type { V1ConfigMap, V1Deployment, V1Pod } from "@kubernetes/client-node"
import { afterAll, beforeAll, expect, test } from "vitest"
import { until } from "../../../scripts/lib/wait.ts"
import { everyHelm } from "../../chart/support/helms.ts"
import { ApiError, type Client, signIn } from "../../support/client.ts"
import { inOrder } from "../../support/in-order.ts"
import { removeScratch, scratchDirectory } from "../../support/scratch.ts"
import { createCleanup } from "../support/cleanup.ts"
import { type Installation, openInstallation } from "../support/installation.ts"
import { openRelease, type Release } from "../support/release.ts"

// One release through its whole life, in the order of the tests: Helm 3 begins it, Helm 4 goes on with it and ends it.

const namespace = "berth-e2e-life"
const email = "owner@example.com"
const first = {
  controlPlane: { insecureHttp: true, host: "127.0.0.1" },
  passwordAuth: { bootstrapAdmin: { email } },
}
const changed = {
  ...first,
  controlPlane: { ...first.controlPlane, podLabels: { tier: "changed" }, logLevel: "debug" },
  sessions: { maxPerUser: 1 },
}

inOrder()
const cleanup = createCleanup()
let installation: Installation
let release: Release
let helm3: string
let helm4: string
let password: string
let owner: unknown
beforeAll(async () => {
  installation = await openInstallation()
  const helms = await everyHelm()
  helm3 = helmOf(helms, "3.19")
  helm4 = helmOf(helms, "4.")
  const directory = scratchDirectory("chart-life")
  cleanup.add(() => removeScratch(directory))
  cleanup.add(() => release?.remove())
  release = await openRelease(installation, namespace, directory)
})
afterAll(cleanup.run)

test("an install with Helm 3 makes a password that signs the first administrator in", async () => {
  await release.install([release.coordinates, first], helm3)
  password = await release.secret("berth-admin", "password")
  const client = await signedIn()
  owner = await client.send("GET", "/api/me")
  expect(owner).toMatchObject({ email, role: "admin" })
  expect(await release.helm("test", ["--timeout", "8m"], helm3)).toMatch(/Phase:\s+Succeeded/)
})

test("an upgrade with changed values changes what runs, and no Secret", async () => {
  const before = await secrets()
  await release.install([release.coordinates, changed], helm3)
  expect(await deployed()).toEqual({ tier: "changed", logLevel: "debug", maxPerUser: 1 })
  expect(await secrets()).toEqual(before)
  const client = await signedIn()
  expect(await client.send("GET", "/api/me")).toEqual(owner)
})

test("Helm 4 takes the release over from Helm 3 without a new pod", async () => {
  const before = await runningPods()
  await release.install([release.coordinates, changed], helm4)
  expect(await deployed()).toEqual({ tier: "changed", logLevel: "debug", maxPerUser: 1 })
  expect(await runningPods()).toEqual(before)
})

test("a rollback brings back the first values, with the same data", async () => {
  await release.helm("rollback", ["1", "--wait", "--timeout", "8m"], helm4)
  await release.isSettled()
  expect(await deployed()).toEqual({ tier: undefined, logLevel: "info", maxPerUser: 0 })
  const client = await signedIn()
  expect(await client.send("GET", "/api/me")).toEqual(owner)
})

test("an uninstall leaves nothing but Secrets and the data", async () => {
  await release.helm("uninstall", ["--wait", "--timeout", "8m"], helm4)
  // Helm waits for what it made, not for the pods of that.
  await until("the pods having ended", async () => (await pods()).length === 0, { timeout_ms: 240_000 })
  const kinds = "all,configmap,serviceaccount,role,rolebinding,networkpolicy,poddisruptionbudget,pvc"
  const left = (await release.kubectl("get", kinds, "-o", "name")).trim().split("\n")
  const ofCluster = ["configmap/kube-root-ca.crt", "serviceaccount/default"]
  expect(left.filter((name) => !ofCluster.includes(name)).sort()).toEqual([
    "configmap/berth-broker-ca",
    "persistentvolumeclaim/berth-postgresql-data",
  ])
  expect(Object.keys(await secrets())).toContain("berth-admin")
})

test("after a reinstall with Helm 4 the same administrator signs in with the same password", async () => {
  const before = await secrets()
  await release.install([release.coordinates, first], helm4)
  expect(await secrets()).toEqual(before)
  const client = await signedIn()
  expect(await client.send("GET", "/api/me")).toEqual(owner)
  await expect(signIn(target(), email, `not ${password}`)).rejects.toThrow(ApiError)
})

function helmOf(helms: Awaited<ReturnType<typeof everyHelm>>, version: string): string {
  const found = helms.find((helm) => helm.version.startsWith(version))
  if (found === undefined) throw new Error(`there is no Helm ${version}`)
  return found.path
}

function target(): { url: string } {
  return { url: `http://${release.address}` }
}

/** The administrator, with the password that the first install made. */
function signedIn(): Promise<Client> {
  return signIn(target(), email, password)
}

/** Of the values that the upgrade changes: what the running control plane has. */
async function deployed() {
  const deployment = await object<V1Deployment>("deployment/berth")
  const config = await object<V1ConfigMap>("configmap/berth-config")
  const file = JSON.parse(config.data?.["config.json"] ?? "{}") as { sessions?: { maxPerUser?: number } }
  const { template } = deployment.spec ?? {}
  const level = template?.spec?.containers[0]?.env?.find(({ name }) => name === "BERTH_LOG_LEVEL")
  expect(deployment.status?.updatedReplicas).toBe(deployment.spec?.replicas)
  return {
    tier: template?.metadata?.labels?.tier,
    logLevel: level?.value,
    maxPerUser: file.sessions?.maxPerUser,
  }
}

async function object<T>(name: string): Promise<T> {
  return JSON.parse(await release.kubectl("get", name, "-o", "json")) as T
}

/** The contents of the Secrets that the release needs, by name; Helm's own records are left out. */
async function secrets(): Promise<Record<string, object>> {
  const { items } = await object<{ items: { type: string; metadata: { name: string }; data: object }[] }>("secrets")
  const own = items.filter(({ type }) => !type.startsWith("helm.sh/"))
  return Object.fromEntries(own.map(({ metadata, data }) => [metadata.name, data]))
}

/** Pods of the release, those included that are about to end. */
async function pods(): Promise<V1Pod[]> {
  const { items } = await object<{ items: V1Pod[] }>("pods")
  return items.filter(({ metadata }) => metadata?.labels?.["app.kubernetes.io/name"] === "berth")
}

/** Identities of the pods that stay. */
async function runningPods(): Promise<(string | undefined)[]> {
  const staying = (await pods()).filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
  return staying.map(({ metadata }) => metadata?.uid).sort()
}
