import { text } from "node:stream/consumers"
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest"
import { type ObjectStore, startObjectStore } from "../../../test/support/s3.ts"
import { allGone, patience, podOf, until } from "../../../test/support/sessions/helpers.ts"
import { type Replica, testWorld } from "../../../test/support/sessions/world.ts"
import { parseArtifacts } from "../config/artifacts.ts"
import { Faults } from "../config/faults.ts"
import type { Principal } from "../sessions/index.ts"
import { type Bucket, createBucket } from "./bucket.ts"

const world = testWorld()
const diff = "diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1,2 @@\n one\n+two\n"
let store: ObjectStore
let bucket: Bucket

beforeAll(async () => {
  store = await startObjectStore()
  bucket = bucketWith(store.secretKey)
})
afterAll(() => store.stop())
beforeEach(() => {
  world.agent.patch = { text: diff }
  world.agent.patchesAsked = 0
})

/** As a control plane makes it from its environment. */
function bucketWith(secretKey: string): Bucket {
  const faults = new Faults()
  const env: Record<string, string> = {
    ARTIFACTS_S3_BUCKET: store.bucket,
    ARTIFACTS_S3_PREFIX: "sessions/",
    ARTIFACTS_S3_ENDPOINT: store.endpoint,
    ARTIFACTS_S3_ACCESS_KEY: store.accessKey,
    ARTIFACTS_S3_SECRET_KEY: secretKey,
  }
  const settings = parseArtifacts((name) => env[name], faults)
  faults.throwIfAny()
  if (settings === undefined) throw new Error("a bucket is configured")
  return createBucket(settings)
}

async function running(replica: Replica, user: Principal, prompt: string): Promise<string> {
  const { session } = await replica.sessions.create(user, { initialUserPrompt: prompt, title: "Kept" })
  await world.kubelet.run((await podOf(world, session.id)).name)
  await until(replica.sessions, user, session.id, { status: "running" })
  return session.id
}

async function written({ sessions }: Replica, user: Principal, id: string) {
  await vi.waitFor(async () => {
    const kept = await sessions.artifacts(user, id)
    expect(kept).toMatchObject({ state: "written", trouble: null })
    expect(kept.files).not.toEqual([])
  }, patience)
  const manifest = JSON.parse(store.read(`sessions/${id}/manifest.json`))
  return { manifest, keys: store.keys().filter((key) => key.includes(id)) }
}

const contentOf = async ({ sessions }: Replica, user: Principal, id: string, name: string) =>
  await text((await sessions.artifact(user, id, name)).content)

describe("what a session leaves behind", () => {
  it("is in the bucket after a stop and after its deletion, which leaves nothing else", async () => {
    const replica = await world.replica({ bucket })
    const user = await world.user()
    const id = await running(replica, user, "Change something")
    await replica.sessions.stop(user, id)
    await until(replica.sessions, user, id, { status: "stopped" })
    const first = await written(replica, user, id)
    expect(first.keys).toEqual(
      ["manifest.json", "transcript.ndjson", "workspace.patch"].map((name) => `sessions/${id}/${name}`),
    )
    expect(first.manifest).toMatchObject({
      version: 1,
      session: { id, title: "Kept", ownerId: user.userId },
      why: "stopped",
      messages: 1,
      missing: [],
      files: [{ name: "transcript.ndjson" }, { name: "workspace.patch", bytes: diff.length }],
    })
    expect(store.read(`sessions/${id}/workspace.patch`)).toBe(diff)
    const lines = store
      .read(`sessions/${id}/transcript.ndjson`)
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
    expect(lines).toMatchObject([{ role: "user", parts: [{ type: "text", body: { text: "Change something" } }] }])

    await replica.sessions.delete(user, id)
    await allGone(world)
    await vi.waitFor(
      () => expect(replica.sessions.get(user, id)).rejects.toMatchObject({ code: "not_found" }),
      patience,
    )
    await vi.waitFor(async () => expect((await written(replica, user, id)).manifest.why).toBe("deleted"), patience)
    const { manifest } = await written(replica, user, id)
    // The agent was gone by then: what it had said at the stop is still there, and that it is from then.
    expect(manifest.missing).toMatchObject([{ name: "workspace.patch", why: "the session did not run" }])
    expect(manifest.files).toMatchObject([
      { name: "transcript.ndjson" },
      { name: "workspace.patch", bytes: diff.length },
    ])
    expect(await contentOf(replica, user, id, "workspace.patch")).toBe(diff)
    const { rows } = await world.db.database.raw("SELECT count(*)::int AS waiting FROM artifact_files")
    expect(rows).toEqual([{ waiting: 0 }])
    expect(world.agent.patchesAsked).toBe(1)
    await replica.stop()
  })

  it("does not keep a session from ending while the bucket is away, is readable meanwhile, and is written later", async () => {
    const replica = await world.replica({ bucket })
    const user = await world.user()
    const id = await running(replica, user, "While nobody listens")
    await store.halt()
    await replica.sessions.delete(user, id)
    await allGone(world)
    await vi.waitFor(async () => {
      expect(await replica.sessions.artifacts(user, id)).toMatchObject({
        state: "waiting",
        trouble: expect.stringMatching(/^The object store cannot be reached: /),
      })
    }, patience)
    expect(await contentOf(replica, user, id, "workspace.patch")).toBe(diff)
    expect(await contentOf(replica, user, id, "transcript.ndjson")).toContain("While nobody listens")
    await store.start()
    expect((await written(replica, user, id)).manifest).toMatchObject({ why: "deleted", missing: [] })
    expect(store.read(`sessions/${id}/workspace.patch`)).toBe(diff)
    await store.halt()
    await expect(replica.sessions.artifact(user, id, "workspace.patch")).rejects.toMatchObject({ code: "unavailable" })
    await store.start()
    await replica.stop()
  })

  it("is finished by another replica when one dies between asking the agent and writing, and the agent is asked once", async () => {
    const first = await world.replica({ bucket })
    const user = await world.user()
    const id = await running(first, user, "Survive")
    const second = await world.replica({ bucket })
    // The pod cannot go while its finalizer is there, so that the first one dies in the middle of the stop.
    const { name } = await podOf(world, id)
    const finalizers = (list: string) =>
      world.api.kubectl([
        "-n",
        "sessions",
        "patch",
        "pod",
        name,
        "--type=merge",
        "-p",
        `{"metadata":{"finalizers":${list}}}`,
      ])
    await finalizers('["test.example.com/hold"]')
    await first.sessions.stop(user, id)
    await vi.waitFor(async () => {
      const { rows } = await world.db.database.raw("SELECT name FROM artifact_files WHERE session_id = ?", [id])
      expect(rows).toEqual([{ name: "workspace.patch" }])
    }, patience)
    await first.crash()
    await finalizers("[]")
    await until(second.sessions, user, id, { status: "stopped" })
    expect((await written(second, user, id)).manifest).toMatchObject({ why: "stopped", missing: [] })
    expect(world.agent.patchesAsked).toBe(1)
    await second.sessions.delete(user, id)
    await allGone(world)
    await second.stop()
  })

  it("says what was not to be had, and what the store refused", async () => {
    const replica = await world.replica({ bucket: bucketWith("another-secret") })
    const user = await world.user()
    world.agent.patch = { missing: "the agent did not answer in time" }
    const id = await running(replica, user, "Nothing to show")
    await replica.sessions.delete(user, id)
    await allGone(world)
    await vi.waitFor(async () => {
      const { trouble } = await replica.sessions.artifacts(user, id)
      expect(trouble).toBe("The object store answered 403 SignatureDoesNotMatch")
    }, patience)
    await replica.stop()
    const able = await world.replica({ bucket })
    const { manifest, keys } = await written(able, user, id)
    expect(manifest.missing).toMatchObject([{ name: "workspace.patch", why: "the agent did not answer in time" }])
    expect(keys).toHaveLength(2)
    await able.stop()
  })

  it("is for those who may read the transcript, and for those who might at the end when it was deleted", async () => {
    const replica = await world.replica({ bucket })
    const [owner, other, admin] = [await world.user(), await world.user(), await world.user("admin")]
    const hidden = await running(replica, owner, "Private")
    const open = await running(replica, owner, "Public")
    await replica.sessions.update(owner, open, { visibility: "public" })
    for (const id of [hidden, open]) await replica.sessions.delete(owner, id)
    await allGone(world)
    const { sessions } = replica
    await written(replica, owner, open)
    await written(replica, owner, hidden)
    await expect(sessions.artifacts(other, hidden)).rejects.toMatchObject({ code: "not_found" })
    await expect(sessions.artifact(other, hidden, "manifest.json")).rejects.toMatchObject({ code: "not_found" })
    await expect(sessions.artifacts(admin, hidden)).rejects.toMatchObject({ code: "forbidden" })
    await expect(sessions.artifact(admin, hidden, "transcript.ndjson")).rejects.toMatchObject({ code: "forbidden" })
    expect((await sessions.artifacts(other, open)).files).toHaveLength(3)
    expect(await contentOf(replica, other, open, "workspace.patch")).toBe(diff)
    await expect(sessions.artifact(owner, hidden, "../x")).rejects.toMatchObject({ code: "not_found" })
    await expect(sessions.artifacts(owner, "ses_unknown")).rejects.toMatchObject({ code: "not_found" })
    await replica.stop()
  })
})
