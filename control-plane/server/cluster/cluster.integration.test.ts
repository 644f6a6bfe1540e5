import { readdirSync, readFileSync } from "node:fs"
import { KubeConfig, type V1StatefulSet } from "@kubernetes/client-node"
import { pino } from "pino"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { type ApiServer, startApiServer } from "../../../test/support/apiserver.ts"
import { systemClock } from "../time/index.ts"
import { createCluster } from "./index.ts"
import type { Cluster } from "./types.ts"

const patience = { timeout: 60_000, interval: 20 }
let api: ApiServer
let cluster: Cluster

beforeAll(async () => {
  api = await startApiServer()
  await api.kubectl(["create", "namespace", "sessions"])
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromString(readFileSync(api.kubeconfig, "utf8"))
  const config = { file: { release: "berth", sessionNamespace: "sessions" } }
  cluster = createCluster({ config, kubeConfig, log: pino({ level: "silent" }), clock: systemClock })
  await cluster.start()
})
afterAll(async () => {
  await cluster.stop()
  await api.stop()
})

function statefulSet(name: string, replicas = 0): V1StatefulSet {
  const labels = { "berth.dev/release": "berth", "berth.dev/workload": name }
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name, namespace: "sessions", labels },
    spec: {
      serviceName: "",
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "a", image: "x" }] } },
    },
  }
}

describe("the cluster", () => {
  it("stores what is applied, once or again, and shows it in the view", async () => {
    const first = await cluster.applyStatefulSet(statefulSet("apply"))
    const again = await cluster.applyStatefulSet(statefulSet("apply"))
    expect(again.metadata?.uid).toBe(first.metadata?.uid)
    expect(again.metadata?.resourceVersion).toBe(first.metadata?.resourceVersion)
    await vi.waitFor(() => expect(cluster.statefulSets.get("apply")?.metadata?.uid).toBe(first.metadata?.uid), patience)
  })

  it("shows nothing of other releases in the same namespace", async () => {
    const other = statefulSet("other")
    await cluster.applyStatefulSet({
      ...other,
      metadata: { ...other.metadata, labels: { "berth.dev/release": "second" } },
    })
    await cluster.applyStatefulSet(statefulSet("ours"))
    await vi.waitFor(() => expect(cluster.statefulSets.get("ours")).toBeDefined(), patience)
    expect(cluster.statefulSets.get("other")).toBeUndefined()
  })

  it("scales the object that was meant and no namesake", async () => {
    const { metadata } = await cluster.applyStatefulSet(statefulSet("scale"))
    expect(await cluster.scaleStatefulSet("scale", metadata?.uid ?? "", 1)).toBe(true)
    expect((await cluster.getStatefulSet("scale"))?.spec?.replicas).toBe(1)
    expect(await cluster.scaleStatefulSet("scale", "another-uid", 0)).toBe(false)
    expect(await cluster.scaleStatefulSet("nobody", "uid", 0)).toBe(false)
    expect((await cluster.getStatefulSet("scale"))?.spec?.replicas).toBe(1)
  })

  it("deletes the object that was meant and no namesake, once or again", async () => {
    const { metadata } = await cluster.applyStatefulSet(statefulSet("delete"))
    await cluster.deleteStatefulSet("delete", "another-uid")
    expect(await cluster.getStatefulSet("delete")).not.toBeNull()
    await cluster.deleteStatefulSet("delete", metadata?.uid ?? "")
    await cluster.deleteStatefulSet("delete", metadata?.uid ?? "")
    expect(await cluster.getStatefulSet("delete")).toBeNull()
    await vi.waitFor(() => expect(cluster.statefulSets.get("delete")).toBeUndefined(), patience)
  })

  it("passes on Kubernetes' words when it refuses", async () => {
    await expect(cluster.applyStatefulSet(statefulSet("Not_A_Name"))).rejects.toMatchObject({
      code: "upstream_refused",
      message: expect.stringContaining("Not_A_Name"),
    })
  })

  it("reads events about one object, the newest first", async () => {
    const event = (name: string, at: string, about: string) => ({
      apiVersion: "v1",
      kind: "Event",
      metadata: { name, namespace: "sessions" },
      involvedObject: { kind: "StatefulSet", name: about, namespace: "sessions" },
      reason: "FailedCreate",
      message: name,
      type: "Warning",
      lastTimestamp: at,
    })
    const items = [
      event("old", "2026-11-01T10:00:00Z", "eventful"),
      event("new", "2026-11-01T11:00:00Z", "eventful"),
      event("unrelated", "2026-11-01T12:00:00Z", "quiet"),
    ]
    await api.kubectl(["create", "-f", "-"], { input: JSON.stringify({ apiVersion: "v1", kind: "List", items }) })
    const found = await cluster.eventsOf("StatefulSet", "eventful")
    expect(found.map((one) => one.message)).toEqual(["new", "old"])
  })

  it("knows the issuer and the keys of service-account tokens", async () => {
    const { issuer, jwks } = await cluster.tokenKeys()
    expect(issuer).toMatch(/^https:/)
    expect(jwks.keys[0]).toMatchObject({ kty: "RSA" })
  })

  it("says that the API cannot be reached while its process stands still, and goes on after it", async () => {
    process.kill(api.pid, "SIGSTOP")
    try {
      // A thread on another processor may go on for a moment.
      await vi.waitFor(() => expect(threadStates(api.pid)).toEqual(new Set(["T"])), patience)
      await expect(cluster.getPod("x")).rejects.toMatchObject({ code: "unavailable" })
    } finally {
      process.kill(api.pid, "SIGCONT")
    }
    await vi.waitFor(async () => expect(await cluster.getPod("x")).toBeNull(), patience)
    await cluster.applyStatefulSet(statefulSet("after"))
    await vi.waitFor(() => expect(cluster.statefulSets.get("after")).toBeDefined(), patience)
  })
})

/** The states of a process's threads, as the kernel names them: "T" is stopped. */
function threadStates(pid: number): Set<string> {
  const tasks = `/proc/${pid}/task`
  // The name, in parentheses, may hold anything; the state is the word after it.
  return new Set(readdirSync(tasks).map((id) => /\) (\w)/.exec(readFileSync(`${tasks}/${id}/stat`, "utf8"))?.[1] ?? ""))
}
