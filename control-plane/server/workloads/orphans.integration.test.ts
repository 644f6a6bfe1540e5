import { describe, expect, it, vi } from "vitest"
import { allGone, patience, podOf } from "../../../test/support/sessions/helpers.ts"
import { testWorld } from "../../../test/support/sessions/world.ts"
import { sweepOrphans } from "./orphans.ts"

const world = testWorld()

async function stray(name: string, workload: string): Promise<void> {
  const labels = { "berth.dev/release": "berth", "berth.dev/workload": workload, app: name }
  const template = { metadata: { labels }, spec: { containers: [{ name: "a", image: "x" }] } }
  const items = [
    {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: { name, labels },
      spec: { serviceName: "", replicas: 0, selector: { matchLabels: { app: name } }, template },
    },
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: `workspace-${name}-0`, labels },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    },
  ]
  const list = JSON.stringify({ apiVersion: "v1", kind: "List", items })
  await world.api.kubectl(["-n", "sessions", "apply", "-f", "-"], { input: list })
}

describe("objects without a session", () => {
  it("are deleted once they are old enough, and nothing that belongs to one is touched", async () => {
    const { sessions, workloads, cluster, stop } = await world.replica()
    await stray("berth-s-strayaaaaa", "strayaaaaa")
    await vi.waitFor(() => expect(cluster.claims.get("workspace-berth-s-strayaaaaa-0")).toBeDefined(), patience)

    const parts = { cluster, database: world.db.database, store: workloads.store, log: silent }
    const at = (later_ms: number) => ({ now: () => Date.now() + later_ms, sleep: async () => {} })
    // A database that knows nothing of the release is not the one that these objects belong to.
    expect(await sweepOrphans({ ...parts, clock: at(60_000) })).toBe(0)
    const user = await world.user()
    const { session } = await sessions.create(user, {})
    const { uid } = await podOf(world, session.id)
    expect(await sweepOrphans({ ...parts, clock: at(0) })).toBe(0)
    expect(await sweepOrphans({ ...parts, clock: at(60_000) })).toBe(2)
    await vi.waitFor(async () => expect((await world.kubelet.objects()).join()).not.toContain("stray"), patience)
    expect((await podOf(world, session.id)).uid).toBe(uid)
    expect(await sweepOrphans({ ...parts, clock: at(60_000) })).toBe(0)

    await sessions.delete(user, session.id)
    await allGone(world)
    await stop()
  })
})

const silent = Object.assign(() => {}, { warn: () => {} }) as unknown as Parameters<typeof sweepOrphans>[0]["log"]
